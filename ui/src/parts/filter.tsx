import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { query, setQuery } from '../router.ts'
import { w } from '../words/words.ts'
import './filter.css'
import { type FilterKind, withWord, wordOf } from './filter-words.ts'
import { Icon } from './icon.tsx'

/** Typing stops for that long before anything is asked. */
const PAUSE_MS = 250

interface FilterBarProps {
  readonly label: string
  readonly placeholder: string
  readonly kinds: readonly FilterKind[]
  /** Why the server could not read it. */
  readonly problem?: string | undefined
  /** Where in the address it stands. */
  readonly name?: string
}

/** A text in the filter grammar, and choices that write into it. Both stand in the address. */
export function FilterBar({ label, placeholder, kinds, problem, name = 'q' }: FilterBarProps) {
  const stored = query.value.get(name) ?? ''
  const text = useSignal(stored)
  useEffect(() => {
    // Links and the search above change it, too.
    if (text.peek().trim() !== stored) text.value = stored
  }, [stored])
  useEffect(() => {
    if (text.value.trim() === stored) return undefined
    const waiting = setTimeout(() => write(text.peek()), PAUSE_MS)
    return () => clearTimeout(waiting)
  }, [text.value])
  const write = (next: string): void => setQuery({ [name]: next.trim() })
  const words = w().images
  return (
    <div class="filter" role="search" aria-label={label}>
      <label class="filter-text">
        <Icon name="search" />
        <input
          type="search"
          aria-label={label}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? undefined : `${name}-problem`}
          placeholder={placeholder}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="none"
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && write(text.value)}
        />
      </label>
      {kinds.map((kind) => (
        <FilterChoice
          key={kind.id}
          kind={kind}
          text={stored}
          onChange={(next) => write((text.value = next))}
        />
      ))}
      {stored !== '' && (
        <button type="button" class="ghost" onClick={() => write((text.value = ''))}>
          {words.clear}
        </button>
      )}
      {problem !== undefined && (
        <p class="filter-problem" id={`${name}-problem`} role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

interface FilterChoiceProps {
  readonly kind: FilterKind
  readonly text: string
  readonly onChange: (text: string) => void
}

function FilterChoice({ kind, text, onChange }: FilterChoiceProps) {
  const { any, words } = w().images
  const current = wordOf(text, kind)
  const offers = current === '' || kind.offers.includes(current) ? kind.offers : [current, ...kind.offers]
  return (
    <select
      class={current === '' ? 'choice' : 'choice on'}
      aria-label={any[kind.id]}
      value={current}
      onChange={(event) => onChange(withWord(text, kind, event.currentTarget.value))}
    >
      <option value="">{any[kind.id]}</option>
      {offers.map((word) => (
        <option key={word} value={word}>
          {words[word] ?? word.replace(/^(upstream|platform):(linux\/)?/, '')}
        </option>
      ))}
    </select>
  )
}
