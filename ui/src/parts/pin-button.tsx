import { ask } from '../api.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'
import { pinNames } from './pin-names.ts'
import { wordsFor } from './problem.tsx'
import { toast } from './toasts.tsx'

interface PinButtonProps {
  readonly name: string
  readonly isPinned: boolean
  readonly onDone: () => void
}

/** Pins of one's own can be taken back here; others come from patterns or from config.toml. */
export function PinButton({ name, isPinned, onDone }: PinButtonProps) {
  const { common, images } = w()
  const change = async (): Promise<void> => {
    try {
      if (isPinned) {
        await ask('DELETE /pins', { match: [name] })
        toast(images.unpinned)
      } else await pinNames([name])
      onDone()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    }
  }
  return (
    <button type="button" title={images.pinning.short} onClick={() => void change()}>
      <Icon name="pin" /> {isPinned ? common.unpin : common.pin}
    </button>
  )
}
