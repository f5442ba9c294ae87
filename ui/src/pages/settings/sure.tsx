import { Dialog } from '../../parts/dialog.tsx'
import { w } from '../../words/words.ts'

interface SureProps {
  readonly title: string
  readonly hint: string
  readonly action: string
  readonly onYes: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be taken back. The focus is on the way out. */
export function Sure({ title, hint, action, onYes, onClose }: SureProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{hint}</p>
      <footer>
        <button type="button" autofocus onClick={onClose}>
          {w().common.cancel}
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => {
            onClose()
            onYes()
          }}
        >
          {action}
        </button>
      </footer>
    </Dialog>
  )
}
