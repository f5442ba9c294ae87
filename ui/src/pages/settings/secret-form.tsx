import { useSignal } from '@preact/signals'
import { w } from '../../words/words.ts'

const DAY = 24 * 60 * 60 * 1000
const CHOICES = [0, 30, 90, 365]

interface SecretFormProps {
  readonly hint: string
  /** `expiresAt` in milliseconds since the epoch; undefined: no limit. Settles with whether it was made. */
  readonly onCreate: (name: string, expiresAt: number | undefined) => Promise<boolean>
}

/** Name and lifetime of a key or token to be made. */
export function SecretForm({ hint, onCreate }: SecretFormProps) {
  const { expiry, create } = w().settings
  const name = useSignal('')
  const days = useSignal(0)
  const submit = async (): Promise<void> => {
    const expiresAt = days.value === 0 ? undefined : Date.now() + days.value * DAY
    if (await onCreate(name.value.trim(), expiresAt)) name.value = ''
  }
  return (
    <form
      class="row secret-form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <label class="field">
        <span>{w().common.terms.name}</span>
        <input
          required
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder={hint}
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{expiry.label}</span>
        <select
          value={String(days.value)}
          onChange={(event) => (days.value = Number(event.currentTarget.value))}
        >
          {CHOICES.map((choice) => (
            <option key={choice} value={String(choice)}>
              {choice === 0 ? expiry.never : expiry.days(choice)}
            </option>
          ))}
        </select>
      </label>
      <button type="submit" class="primary">
        {create}
      </button>
    </form>
  )
}
