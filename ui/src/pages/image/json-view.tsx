import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { Copy } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'

/** What is deeper starts closed. */
const OPEN_DEPTH = 2

/** JSON to open, close and search. What is no JSON is shown as it is. */
export function JsonView({ text, label }: { text: string; label: string }) {
  const words = w().image.json
  const search = useSignal('')
  const depth = useSignal(OPEN_DEPTH)
  const value = useMemo(() => parse(text), [text])
  const wanted = search.value.trim().toLowerCase()
  const hits = useMemo(() => countHits(value, wanted), [value, wanted])
  if (value === undefined) return <pre class="json">{text}</pre>
  const all = depth.value === Number.POSITIVE_INFINITY
  return (
    <div class="json-view">
      <div class="row">
        <input
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          value={search.value}
          onInput={(event) => (search.value = event.currentTarget.value)}
        />
        <span class="quiet" aria-live="polite">
          {wanted !== '' && words.hits(hits)}
        </span>
        <button
          type="button"
          class="ghost"
          onClick={() => (depth.value = all ? OPEN_DEPTH : Number.POSITIVE_INFINITY)}
        >
          {all ? words.closeAll : words.openAll}
        </button>
        <Copy text={text} what={label} />
      </div>
      <div class="json" tabIndex={0} role="group" aria-label={label}>
        <Value key={`${depth.value}`} value={value} depth={0} openTo={depth.value} wanted={wanted} />
      </div>
    </div>
  )
}

interface ValueProps {
  readonly value: unknown
  readonly name?: string
  readonly depth: number
  readonly openTo: number
  readonly wanted: string
}

function Value({ value, name, depth, openTo, wanted }: ValueProps) {
  const label =
    name === undefined ? null : <Text text={`${JSON.stringify(name)}: `} wanted={wanted} kind="key" />
  if (typeof value !== 'object' || value === null)
    return (
      <div>
        {label}
        <Text text={JSON.stringify(value)} wanted={wanted} kind={typeof value} />
      </div>
    )
  const entries = Object.entries(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  if (entries.length === 0)
    return (
      <div>
        {label}
        {open}
        {close}
      </div>
    )
  const isOpen = depth < openTo || (wanted !== '' && countHits(value, wanted) > 0)
  return (
    <details open={isOpen}>
      <summary>
        {label}
        {open}
        <span class="json-count">
          {entries.length} {close}
        </span>
      </summary>
      {entries.map(([key, one]) => (
        <Value
          key={key}
          value={one}
          depth={depth + 1}
          openTo={openTo}
          wanted={wanted}
          {...(Array.isArray(value) ? {} : { name: key })}
        />
      ))}
      {close}
    </details>
  )
}

/** Text with what is searched for marked. */
function Text({ text, wanted, kind }: { text: string; wanted: string; kind: string }) {
  const at = wanted === '' ? -1 : text.toLowerCase().indexOf(wanted)
  if (at < 0) return <span class={`json-${kind}`}>{text}</span>
  return (
    <span class={`json-${kind}`}>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + wanted.length)}</mark>
      {text.slice(at + wanted.length)}
    </span>
  )
}

function countHits(value: unknown, wanted: string): number {
  if (wanted === '') return 0
  if (typeof value !== 'object' || value === null)
    return JSON.stringify(value).toLowerCase().includes(wanted) ? 1 : 0
  return Object.entries(value).reduce(
    (sum, [key, one]) =>
      sum + countHits(one, wanted) + (!Array.isArray(value) && key.toLowerCase().includes(wanted) ? 1 : 0),
    0,
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
