import { signal } from '@preact/signals'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'

interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'bad'
  readonly action?: { readonly label: string; readonly run: () => void }
}

const SHOWN_MS = 10_000
const toasts = signal<readonly Toast[]>([])
const spoken = signal('')
let last = 0

/** Says something for ten seconds, with a way back where there is one. */
export function toast(text: string, more: Partial<Pick<Toast, 'tone' | 'action'>> = {}): void {
  const id = ++last
  toasts.value = [...toasts.value.slice(-3), { id, text, tone: 'plain', ...more }]
  setTimeout(() => drop(id), SHOWN_MS)
}

/** For those who listen instead of looking. */
export function announce(text: string): void {
  spoken.value = ''
  requestAnimationFrame(() => (spoken.value = text))
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

export function Toasts() {
  return (
    <>
      <div class="unseen" aria-live="polite">
        {spoken.value}
      </div>
      <ul class="toasts" aria-live="polite">
        {toasts.value.map(({ id, text, tone, action }) => (
          <li key={id} class={tone}>
            <span>{text}</span>
            {action !== undefined && (
              <button
                type="button"
                onClick={() => {
                  drop(id)
                  action.run()
                }}
              >
                {action.label}
              </button>
            )}
            <button type="button" class="ghost" aria-label={w().common.close} onClick={() => drop(id)}>
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
