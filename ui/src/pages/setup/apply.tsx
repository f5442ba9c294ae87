import type { Setup } from '../../../../src/api/contract-setup.ts'
import { Icon } from '../../parts/icon.tsx'
import { Snippet } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'

/** What to run and to write, and how to take it back. */
export function Apply({ setup }: { readonly setup: Setup }) {
  const words = w().setup.apply
  const { apply, undo, reload, steps } = setup
  return (
    <section class="card stack" aria-labelledby="setup-apply">
      <h2 id="setup-apply">{words.title}</h2>
      <Notes notes={setup.notes} />
      {steps?.map(({ title, text }) => (
        <div class="step" key={title}>
          <h3>{title}</h3>
          <Snippet text={text} label={title} />
        </div>
      ))}
      {apply === undefined ? (
        steps === undefined && <p>{words.byHand}</p>
      ) : (
        <div class="step">
          <h3>{words.script}</h3>
          <Snippet text={apply} label={words.scriptLabel} />
        </div>
      )}
      {apply === undefined && <Files files={setup.files} />}
      {reload !== undefined && (
        <div class="step">
          <h3>{words.reload}</h3>
          <Snippet text={reload} label={words.reloadLabel} />
        </div>
      )}
      {apply !== undefined && setup.files.length > 0 && (
        <details>
          <summary>{words.files}</summary>
          <Files files={setup.files} />
        </details>
      )}
      {undo !== undefined && (
        <details>
          <summary>{words.undo}</summary>
          <div class="step">
            <Snippet text={undo} label={words.undoLabel} />
          </div>
        </details>
      )}
    </section>
  )
}

function Files({ files }: Pick<Setup, 'files'>) {
  return (
    <>
      {files.map(({ path, content }) => (
        <div class="step" key={path}>
          <h3>
            <code>{path}</code>
          </h3>
          <Snippet text={content} label={w().setup.apply.fileLabel(path)} />
        </div>
      ))}
    </>
  )
}

function Notes({ notes }: Pick<Setup, 'notes'>) {
  if (notes.length === 0) return null
  return (
    <ul class="notes" aria-label={w().setup.apply.notes}>
      {notes.map(({ level, text }) => (
        <li key={text} class={level}>
          <Icon name={level === 'warn' ? 'warn' : 'info'} />
          <span>{text}</span>
        </li>
      ))}
    </ul>
  )
}
