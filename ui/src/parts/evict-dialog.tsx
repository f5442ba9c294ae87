import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { BoundPreview, Evicted } from '../../../src/api/contract-contents.ts'
import { ask } from '../api.ts'
import { bytes } from '../format.ts'
import { asFailure, useResource } from '../resource.ts'
import { w } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { EvictFacts } from './evict-dialog-facts.tsx'
import { Problem, wordsFor } from './problem.tsx'
import './selection.css'
import { Skeleton } from './small.tsx'
import { toast } from './toasts.tsx'

/** What is to be evicted: names (images, repositories, globs), a filter, and names that stay. */
export interface EvictAsk {
  readonly names: readonly string[]
  readonly filter?: string
  readonly exclude?: readonly string[]
}

interface EvictDialogProps {
  readonly asked: EvictAsk
  readonly onClose: () => void
  /** Something was evicted, or is back. */
  readonly onDone: () => void
}

interface Looked {
  readonly preview: BoundPreview
  /** Bytes of everything cached. */
  readonly used: number
}

/** Says what an eviction takes away before it can be confirmed. */
export function EvictDialog({ asked, onClose, onDone }: EvictDialogProps) {
  const words = w().evict
  const withGone = useSignal(false)
  const mode = useSignal<'undo' | 'now'>('undo')
  const typed = useSignal('')
  const isBusy = useSignal(false)
  const failure = useSignal<ReturnType<typeof asFailure> | undefined>(undefined)
  const looked = useResource(JSON.stringify([asked, withGone.value]), (signal) =>
    look(asked, withGone.peek(), signal),
  )
  const cancel = useRef<HTMLButtonElement>(null)
  useEffect(() => cancel.current?.focus(), [])

  const { data } = looked
  const images = data === undefined ? 0 : data.preview.count
  const isHalf = data !== undefined && data.preview.frees * 2 > data.used && data.used > 0
  const asksPhrase = images > 0 && (isHalf || (withGone.value && (data?.preview.gone.length ?? 0) > 0))
  const phrase = words.phrase(images)
  const mayRun =
    data !== undefined &&
    images > 0 &&
    !looked.isLoading &&
    !isBusy.value &&
    (!asksPhrase || typed.value.trim() === phrase)

  const run = async (): Promise<void> => {
    if (data === undefined) return
    isBusy.value = true
    failure.value = undefined
    try {
      const { previewId } = data.preview
      sayDone(
        await ask('POST /evict', { previewId, mode: mode.value, includeGone: withGone.value }),
        mode.value,
        onDone,
      )
      onClose()
      onDone()
    } catch (error) {
      failure.value = asFailure(error)
      isBusy.value = false
      looked.reload()
    }
  }

  return (
    <Dialog title={data === undefined ? words.titleUnknown : words.title(images)} onClose={onClose}>
      <div class="evict">
        {looked.failure !== undefined && <Problem failure={looked.failure} retry={looked.reload} />}
        {data === undefined && looked.failure === undefined && <Skeleton lines={5} />}
        {data !== undefined && (
          <>
            <EvictFacts preview={data.preview} withGone={withGone} />
            <Mode mode={mode} />
          </>
        )}
        {asksPhrase && (
          <label class="evict-phrase">
            {isHalf && <strong>{words.whole}</strong>}
            <span>{words.type(phrase)}</span>
            <input
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              value={typed.value}
              onInput={(event) => (typed.value = event.currentTarget.value)}
            />
          </label>
        )}
        {failure.value !== undefined && <Problem failure={failure.value} />}
      </div>
      <footer>
        <button ref={cancel} type="button" onClick={onClose}>
          {w().common.cancel}
        </button>
        <button type="button" class="danger" disabled={!mayRun} onClick={() => void run()}>
          {isBusy.value ? words.evicting : words.confirm(images)}
        </button>
      </footer>
    </Dialog>
  )
}

/** Gone images only count once they were asked for: then the numbers are those of what would really go. */
async function look(asked: EvictAsk, withGone: boolean, signal: AbortSignal): Promise<Looked> {
  const [preview, stats] = await Promise.all([
    ask('POST /selection', { ...asked, includeGone: withGone }, signal),
    ask('GET /stats', {}, signal),
  ])
  return { preview, used: stats.disk.used }
}

function Mode({ mode }: { mode: { value: 'undo' | 'now' } }) {
  const words = w().evict
  return (
    <fieldset>
      <legend>{words.mode}</legend>
      {(['undo', 'now'] as const).map((one) => (
        <label key={one} class="option">
          <input
            type="radio"
            name="evict-mode"
            checked={mode.value === one}
            onChange={() => (mode.value = one)}
          />
          {words[one]}
        </label>
      ))}
    </fieldset>
  )
}

function sayDone(eviction: Evicted, mode: 'undo' | 'now', onDone: () => void): void {
  const words = w().evict
  const { id, images } = eviction
  const size = bytes(eviction.bytes)
  if (eviction.left.length > 0) toast(words.leftOver(eviction.left.length))
  if (mode === 'now' || eviction.undoUntil === undefined) return toast(words.doneNow(images, size))
  const undo = async (): Promise<void> => {
    try {
      toast(words.undone((await ask('POST /undo', { id })).images))
      onDone()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    }
  }
  toast(words.doneUndo(images, size), { action: { label: words.undoNow, run: () => void undo() } })
}
