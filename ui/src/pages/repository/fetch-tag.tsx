import { useSignal } from '@preact/signals'
import type { Failure } from '../../api.ts'
import { follow } from '../../api.ts'
import { bytes } from '../../format.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { PlatformSelect } from '../../parts/platform-select.tsx'
import { Problem } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { w } from '../../words/words.ts'

interface FetchTagProps {
  readonly repository: string
  /** Where it need not be asked for, nor which platforms there are. */
  readonly tag?: string
  readonly offers?: readonly string[]
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Brings a tag into the cache that nobody has pulled yet. */
export function FetchTag({ repository, tag: known = '', offers, onClose, onDone }: FetchTagProps) {
  const { images, image, common } = w()
  const words = images.repository
  const tag = useSignal(known)
  const platform = useSignal('')
  const share = useSignal<number | undefined>(undefined)
  const failure = useSignal<Failure | undefined>(undefined)
  const run = async (): Promise<void> => {
    share.value = 0
    failure.value = undefined
    try {
      const asked = {
        names: [`${repository}:${tag.value.trim()}`],
        platforms: platform.value.split(' ').filter(Boolean),
      }
      for await (const said of follow('POST /fetch', asked)) {
        if (said.type === 'progress') share.value = said.bytes / Math.max(1, said.bytesTotal)
        else for (const report of said.result) toast(image.fetched(report.blobs, bytes(report.bytes)))
      }
      onDone()
      onClose()
    } catch (error) {
      failure.value = asFailure(error)
    }
    share.value = undefined
  }
  const isBusy = share.value !== undefined
  return (
    <Dialog title={words.fetchTagTitle} onClose={onClose}>
      <form
        id="fetch-tag"
        class="form"
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <p class="quiet">{words.fetchTagLead}</p>
        <label class="field">
          <span>{common.terms.tag}</span>
          <input
            type="text"
            autofocus
            required
            maxLength={128}
            pattern="\s*[A-Za-z0-9_][A-Za-z0-9_.\-]*\s*"
            spellcheck={false}
            autocomplete="off"
            autocapitalize="none"
            value={tag.value}
            onInput={(event) => (tag.value = event.currentTarget.value)}
          />
        </label>
        <PlatformSelect value={platform} {...(offers === undefined ? {} : { offers })} />
        {isBusy && <progress value={share.value} max={1} aria-label={image.fetching(tag.value)} />}
        {failure.value !== undefined && <Problem failure={failure.value} />}
      </form>
      <footer>
        <button type="button" onClick={onClose}>
          {common.cancel}
        </button>
        <button type="submit" form="fetch-tag" class="primary" disabled={isBusy}>
          {common.fetch}
        </button>
      </footer>
    </Dialog>
  )
}
