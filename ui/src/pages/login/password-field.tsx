import { type Signal, useSignal } from '@preact/signals'
import { w } from '../../words/words.ts'

interface PasswordFieldProps {
  readonly label: string
  readonly value: Signal<string>
  readonly autocomplete: 'current-password' | 'new-password'
  readonly rule?: string
  /** Its own on the page. */
  readonly id?: string
}

/** A password that can be looked at, and says when Caps Lock is on. */
export function PasswordField({ label, value, autocomplete, rule, id = 'password' }: PasswordFieldProps) {
  const words = w().session
  const isShown = useSignal(false)
  const isCaps = useSignal(false)
  return (
    <div class="field">
      <label for={id}>
        <strong>{label}</strong>
      </label>
      <div class="row">
        <input
          {...(isShown.value ? { type: 'text' as const } : { type: 'password' as const })}
          id={id}
          name={id}
          autocomplete={autocomplete}
          required
          {...(autocomplete === 'new-password' ? { minLength: 8 } : {})}
          value={value.value}
          aria-describedby={`${id}-rule`}
          onInput={(event) => (value.value = event.currentTarget.value)}
          onKeyUp={(event) => (isCaps.value = event.getModifierState('CapsLock'))}
        />
        <button
          type="button"
          class="ghost"
          aria-pressed={isShown.value}
          onClick={() => (isShown.value = !isShown.value)}
        >
          {isShown.value ? words.hide : words.show}
        </button>
      </div>
      <small id={`${id}-rule`} class="quiet" aria-live="polite">
        {isCaps.value ? words.capsLock : (rule ?? '')}
      </small>
    </div>
  )
}
