import { useSignal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import '../../parts/filter.css'
import { Icon } from '../../parts/icon.tsx'

interface AskFormProps {
  readonly label: string
  readonly value: string
  readonly button: string
  readonly onAsk: (text: string) => void
}

/** A text that is asked for on Enter: each question may be one to Docker Hub. */
export function AskForm({ label, value, button, onAsk }: AskFormProps) {
  const text = useSignal(value)
  // Before anybody can type: later it would undo what they typed.
  useLayoutEffect(() => void (text.value = value), [value])
  return (
    <form
      role="search"
      class="filter"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault()
        onAsk(text.value.trim())
      }}
    >
      <label class="filter-text">
        <Icon name="search" />
        <input
          type="search"
          aria-label={label}
          placeholder={label}
          spellcheck={false}
          autocomplete="off"
          autocapitalize="none"
          maxLength={500}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">{button}</button>
    </form>
  )
}
