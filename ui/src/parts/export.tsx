import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import { csvOf, save } from './csv.ts'
import { Icon } from './icon.tsx'
import { wordsFor } from './problem.tsx'
import { toast } from './toasts.tsx'

interface Page {
  readonly items: readonly object[]
  readonly nextCursor: string | undefined
}

interface ExportProps {
  /** Of the file, without its ending. */
  readonly name: string
  /** The list as it is filtered and sorted, page by page. */
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page>
  /** Fields in the order of their columns. */
  readonly fields: readonly string[]
}

/** The whole list as a file, whatever of it is loaded. Leaving the page ends it. */
export function Export({ name, load, fields }: ExportProps) {
  const words = w().images.export
  const count = useSignal<number | undefined>(undefined)
  const stopping = useRef(new AbortController())
  useEffect(() => () => stopping.current.abort(), [])

  const run = async (form: 'csv' | 'json'): Promise<void> => {
    const { signal } = stopping.current
    const rows: object[] = []
    try {
      let cursor: string | undefined
      do {
        count.value = rows.length
        const page = await load(cursor, signal)
        rows.push(...page.items)
        cursor = page.nextCursor
      } while (cursor !== undefined)
      const text =
        form === 'json'
          ? JSON.stringify(rows, null, 1)
          : csvOf(
              fields,
              rows.map((row) => cellsOf(row, fields)),
            )
      save(`${name}.${form}`, text)
    } catch (error) {
      if (!signal.aborted) toast(wordsFor(asFailure(error)), { tone: 'bad' })
    }
    count.value = undefined
  }
  return (
    <span class="row" role="group" aria-label={words.title}>
      <span class={count.value === undefined ? 'unseen' : 'quiet'} role="status">
        {count.value === undefined ? '' : words.reading(count.value)}
      </span>
      {(['csv', 'json'] as const).map((form) => (
        <button
          key={form}
          type="button"
          title={words.as(form.toUpperCase())}
          disabled={count.value !== undefined}
          onClick={() => void run(form)}
        >
          <Icon name="download" /> {form.toUpperCase()}
        </button>
      ))}
    </span>
  )
}

const TIMES = new Set(['created', 'firstCached', 'lastUsed', 'checkedAt', 'replacedAt', 'goneAt'])

/** Times as RFC 3339, lists with blanks between. */
function cellsOf(row: object, fields: readonly string[]): readonly (string | number | undefined)[] {
  const values = new Map<string, unknown>(Object.entries(row))
  return fields.map((field) => {
    const value = values.get(field)
    if (typeof value === 'number')
      return TIMES.has(field) ? (value === 0 ? '' : new Date(value).toISOString()) : value
    if (Array.isArray(value)) return value.join(' ')
    return typeof value === 'boolean' ? String(value) : typeof value === 'string' ? value : undefined
  })
}
