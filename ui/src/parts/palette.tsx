import { useSignal } from '@preact/signals'
import { useEffect, useId } from 'preact/hooks'
import { ask } from '../api.ts'
import { opened, typed } from '../keys.ts'
import { useResource } from '../resource.ts'
import { session } from '../session.ts'
import { w } from '../words/words.ts'
import { type Choice, choicesFor, fileChoice, repositoryChoice } from './choices.ts'
import { Dialog } from './dialog.tsx'
import { ShortcutList } from './shortcut-list.tsx'
import { Name } from './small.tsx'
import './palette.css'

const PAUSE_MS = 120
const MOST = 8
const LONGEST = 255

/** What the keyboard opens: the palette, or the list of shortcuts. */
export default function Opened() {
  const { keys } = w()
  const close = (): void => void (opened.value = undefined)
  if (opened.value === undefined) return null
  const isHelp = opened.value === 'help'
  return (
    <Dialog key={opened.value} title={isHelp ? keys.help : keys.palette} onClose={close}>
      {isHelp ? <ShortcutList /> : <Palette onDone={close} />}
    </Dialog>
  )
}

/** A box that finds pages, repositories and actions. Arrows choose, Enter goes. */
function Palette({ onDone }: { readonly onDone: () => void }) {
  const { keys } = w()
  const id = useId()
  const text = typed
  const at = useSignal(0)
  const found = [...choicesFor(text.value), ...useNames(text.value)]
  const current = Math.min(at.value, found.length - 1)
  const take = (choice: Choice | undefined): void => {
    if (choice === undefined) return
    onDone()
    choice.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (event.key === 'Enter' && !event.isComposing) take(found[current])
    if (step === 0) return
    event.preventDefault()
    at.value = (current + step + found.length) % Math.max(1, found.length)
  }
  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: 'nearest' })
  }, [current])
  return (
    <div class="palette">
      <input
        type="text"
        role="combobox"
        autofocus
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-label={keys.paletteHint}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(found.length === 0 ? {} : { 'aria-activedescendant': `${id}-${current}` })}
        placeholder={keys.paletteHint}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value
          at.value = 0
        }}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id={`${id}-list`} aria-label={keys.results}>
        {found.map((choice, i) => (
          <li
            key={`${choice.group} ${choice.label}`}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === current}
            onClick={() => take(choice)}
            onPointerMove={() => (at.value = i)}
          >
            <Name text={choice.label} />
            <small class="quiet">{keys.groups[choice.group]}</small>
          </li>
        ))}
      </ul>
      <p class="quiet" role="status">
        {found.length === 0 ? keys.nothing : ''}
      </p>
    </div>
  )
}

/** Repositories and files with this text in their name; the server knows them all. */
function useNames(text: string): readonly Choice[] {
  const asked = useSignal('')
  useEffect(() => {
    const timer = setTimeout(() => (asked.value = text.trim()), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  const { data } = useResource(asked.value, async (signal) => {
    if (asked.value === '' || session.peek()?.user === undefined) return []
    const wanted = { q: asked.value.slice(0, LONGEST), limit: MOST, sort: '-lastUsed' }
    const [repositories, files] = await Promise.all([
      ask('GET /repositories', wanted, signal),
      ask('GET /files', wanted, signal),
    ])
    return [
      ...repositories.items.map(({ name }) => repositoryChoice(name)),
      ...files.items.map(({ name }) => fileChoice(name)),
    ]
  })
  return data ?? []
}
