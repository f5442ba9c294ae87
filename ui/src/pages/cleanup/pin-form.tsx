import { useSignal } from '@preact/signals'
import { ask } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'

/** A new pin: a pattern, and if one likes why and until which day. */
export function PinForm({ onAdded }: { onAdded: () => void }) {
  const words = w().cleanup.pins
  const match = useSignal('')
  const reason = useSignal('')
  const until = useSignal('')
  const problem = useSignal('')
  const add = async (): Promise<void> => {
    problem.value = ''
    const pattern = match.value.trim()
    try {
      await ask('PUT /pins', {
        match: [pattern],
        ...(reason.value.trim() === '' ? {} : { reason: reason.value.trim() }),
        ...(until.value === '' ? {} : { until: endOf(until.value) }),
      })
      toast(words.added(pattern))
      match.value = reason.value = until.value = ''
      onAdded()
    } catch (error) {
      problem.value = wordsFor(asFailure(error))
    }
  }
  return (
    <form
      class="pin-form"
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      <label class="field grows">
        <span>{words.match}</span>
        <input
          required
          class="mono"
          placeholder={words.placeholder}
          spellcheck={false}
          autocapitalize="none"
          value={match.value}
          onInput={(event) => (match.value = event.currentTarget.value)}
        />
      </label>
      <label class="field grows">
        <span>{words.reason}</span>
        <input
          maxLength={500}
          value={reason.value}
          onInput={(event) => (reason.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{words.until}</span>
        <input
          type="date"
          value={until.value}
          onInput={(event) => (until.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">
        <Icon name="pin" /> {words.add}
      </button>
      {problem.value !== '' && (
        <p class="problem-text" role="alert">
          {problem.value}
        </p>
      )}
    </form>
  )
}

/** The end of that day where the browser is. */
function endOf(day: string): number {
  return new Date(`${day}T23:59:59`).getTime()
}
