import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { BoundPreview } from '../../../src/api/contract-evict.ts'
import { ask, follow } from '../api.ts'
import { put } from '../basket.ts'
import { bytes, exactBytes } from '../format.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import type { EvictAsk } from './evict-dialog.tsx'
import { EvictDialog } from './evict-later.tsx'
import { Icon } from './icon.tsx'
import { pinNames } from './pin-names.ts'
import { wordsFor } from './problem.tsx'
import type { Selection } from './selection.tsx'
import './selection.css'
import { toast } from './toasts.tsx'
import { checkNames } from './upstream-check.tsx'

/** The server counts once nothing was chosen for that long. */
const PAUSE_MS = 200

export interface SelectionBarProps {
  readonly selection: Selection
  /** What the chosen rows mean to the server. */
  readonly asked: EvictAsk
  readonly total: number
  /** Whether every row is one image of one upstream, so that this can be asked for it. */
  readonly canCheck?: boolean
  readonly isEvicting: boolean
  readonly onEvict: (isOpen: boolean) => void
  /** Something was evicted, pinned or fetched. */
  readonly onChange: () => void
}

/** What is chosen of what is listed, what evicting it would free, and what to do with it. Stays in sight while one scrolls. */
export function SelectionBar(props: SelectionBarProps) {
  const { selection, asked, total, canCheck = false, isEvicting, onEvict, onChange } = props
  const words = w().images
  return (
    <div class="selection" role="region" aria-label={words.selected(selection.count)}>
      <p class="selection-text">
        <strong>{words.selected(selection.count)}</strong>
        <Sum asked={asked} />
        {selection.canTakeRest && (
          <button type="button" class="ghost" onClick={() => selection.takeRest()}>
            {words.selectRest(total)}
          </button>
        )}
      </p>
      <p class="row">
        {!selection.chosen.isAll && <Doing names={asked.names} canCheck={canCheck} onDone={onChange} />}
        <button type="button" class="danger" onClick={() => onEvict(true)}>
          {words.evict}
        </button>
        <button type="button" class="ghost" onClick={() => selection.clear()}>
          {words.clear}
        </button>
      </p>
      {isEvicting && (
        <EvictDialog
          asked={asked}
          onClose={() => onEvict(false)}
          onDone={() => {
            selection.clear()
            onChange()
          }}
        />
      )}
    </div>
  )
}

/** What the server says about the choice. */
function Sum({ asked }: { asked: EvictAsk }) {
  const words = w().images
  const preview = useSignal<BoundPreview | undefined>(undefined)
  const problem = useSignal('')
  const key = JSON.stringify(asked)
  useEffect(() => {
    const stopping = new AbortController()
    preview.value = undefined
    problem.value = ''
    const waiting = setTimeout(() => {
      ask('POST /selection', asked, stopping.signal).then(
        (answer) => (preview.value = answer),
        (error: unknown) => {
          if (!stopping.signal.aborted) problem.value = wordsFor(asFailure(error))
        },
      )
    }, PAUSE_MS)
    return () => {
      clearTimeout(waiting)
      stopping.abort()
    }
  }, [key])
  const shown = preview.value
  if (problem.value !== '') return <span class="problem-text">{problem.value}</span>
  if (shown === undefined) return <span class="quiet">{words.counting}</span>
  const { pinned, inUse, gone, frees } = shown
  return (
    <span class="selection-sum" aria-live="polite">
      <strong title={exactBytes(frees)}>{words.frees(bytes(frees))}</strong>
      {pinned.length + inUse.length > 0 && <span>{words.skipped(pinned.length, inUse.length)}</span>}
      {gone.length > 0 && <span class="warn-text">{words.gone(gone.length)}</span>}
    </span>
  )
}

/** With a tag or a digest; others are whole repositories, or files. */
const IMAGE = /^(?!\w+:).*[:@][^/]+$/

interface DoingProps {
  readonly names: readonly string[]
  readonly canCheck: boolean
  readonly onDone: () => void
}

function Doing({ names, canCheck, onDone }: DoingProps) {
  const { images, common } = w()
  const isBusy = useSignal(false)
  const run = async (work: () => Promise<void>): Promise<void> => {
    isBusy.value = true
    try {
      await work()
      onDone()
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    } finally {
      isBusy.value = false
    }
  }
  return (
    <>
      {canCheck && (
        <button
          type="button"
          disabled={isBusy.value}
          title={images.checkHint}
          onClick={() => void run(() => checkNames(names))}
        >
          <Icon name="upstreams" /> {images.check}
        </button>
      )}
      <button
        type="button"
        disabled={isBusy.value}
        title={images.pinning.short}
        onClick={() => void run(() => pinNames(names))}
      >
        <Icon name="pin" /> {common.pin}
      </button>
      <button
        type="button"
        disabled={isBusy.value}
        title={images.fetchHint}
        onClick={() => void run(() => fetchNames(names))}
      >
        <Icon name="download" /> {images.fetchAgain}
      </button>
      {names.every((name) => IMAGE.test(name)) && (
        <button type="button" onClick={() => put(names)}>
          <Icon name="package" /> {common.pack}
        </button>
      )}
    </>
  )
}

async function fetchNames(names: readonly string[]): Promise<void> {
  toast(w().images.fetching(names.length))
  for await (const said of follow('POST /fetch', { names, platforms: [] })) {
    if (said.type !== 'result') continue
    const sum = said.result.reduce((all, one) => all + one.bytes, 0)
    toast(w().images.fetched(said.result.length, bytes(sum)))
  }
}
