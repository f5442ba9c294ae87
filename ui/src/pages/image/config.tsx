import type { ComponentChildren } from 'preact'
import type { ManifestDetail } from '../../../../src/api/contract-contents.ts'
import { moment } from '../../format.ts'
import { Empty } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'
import { JsonView } from './json-view.tsx'

type ImageConfig = NonNullable<ManifestDetail['config']>

/** How a container of it starts, and what its makers wrote on it. */
export function Config({ config }: Pick<ManifestDetail, 'config'>) {
  const words = w().image.config
  if (config === undefined) return <Empty title={words.none} />
  const { raw, labels } = config
  return (
    <div class="stack">
      <dl class="facts config">
        {linesOf(config).map(([title, texts]) =>
          texts.length === 0 ? null : (
            <Fact key={title} title={title}>
              {texts.map((text, i) => (
                <code key={i}>{text}</code>
              ))}
            </Fact>
          ),
        )}
        {Object.keys(labels).length > 0 && (
          <Fact title={words.labels}>
            <Pairs pairs={labels} />
          </Fact>
        )}
      </dl>
      <section class="stack tight">
        <h3>{words.raw}</h3>
        <JsonView text={raw} label={words.raw} />
      </section>
    </div>
  )
}

function linesOf(config: ImageConfig): readonly (readonly [string, readonly string[]])[] {
  const words = w().image.config
  const { createdAt, user, entrypoint, command, workdir, env, ports, volumes } = config
  const one = (text: string | undefined): readonly string[] =>
    text === undefined || text === '' ? [] : [text]
  return [
    [words.created, one(createdAt === undefined ? undefined : dateOf(createdAt))],
    [words.entrypoint, one(entrypoint.map(quoted).join(' '))],
    [words.command, one(command.map(quoted).join(' '))],
    [words.workdir, one(workdir)],
    [words.user, one(user)],
    [words.ports, one(ports.join(', '))],
    [words.volumes, one(volumes.join(', '))],
    [words.env, env],
  ]
}

/** Images may say anything. */
function dateOf(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : moment(at)
}

/** As a shell would take it. */
function quoted(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  )
}

/** Labels or annotations. */
export function Pairs({ pairs }: { pairs: Readonly<Record<string, string>> }) {
  return (
    <dl class="pairs">
      {Object.entries(pairs).map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
