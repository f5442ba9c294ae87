import { useSignal } from '@preact/signals'
import { follow } from '../api.ts'
import { bytes } from '../format.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import { Icon } from './icon.tsx'
import { wordsFor } from './problem.tsx'
import { toast } from './toasts.tsx'

interface FetchButtonProps {
  readonly name: string
  readonly label: string
  /** "linux/arm64"; without it the server's own. */
  readonly platform?: string | undefined
  readonly isSmall?: boolean
  readonly onDone: () => void
}

/** Brings an image into the cache: the one button here that asks an upstream. */
export function FetchButton({ name, label, platform, isSmall = false, onDone }: FetchButtonProps) {
  const words = w().image
  const share = useSignal<number | undefined>(undefined)
  const isBusy = share.value !== undefined
  const run = async (): Promise<void> => {
    share.value = 0
    try {
      for await (const said of follow('POST /fetch', {
        names: [name],
        platforms: platform === undefined ? [] : [platform],
      })) {
        if (said.type === 'progress') share.value = said.bytes / Math.max(1, said.bytesTotal)
        else for (const report of said.result) toast(words.fetched(report.blobs, bytes(report.bytes)))
      }
      onDone()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    } finally {
      share.value = undefined
    }
  }
  return (
    <button
      type="button"
      class={isSmall ? 'small' : ''}
      title={words.fetchHint}
      disabled={isBusy}
      onClick={() => void run()}
    >
      {isBusy ? (
        <progress value={share.value} max={1} aria-label={words.fetching(name)} />
      ) : (
        <>
          <Icon name="download" /> {label}
        </>
      )}
    </button>
  )
}
