import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Eviction } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import { bytes } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { wordsFor } from '../../parts/problem.tsx'
import { Ago, Bytes } from '../../parts/small.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { language, tagOf, w } from '../../words/words.ts'

interface UndoProps {
  readonly evictions: readonly Eviction[]
  readonly onChange: () => void
}

/** Evictions whose bytes are still here. */
export function Undo({ evictions, onChange }: UndoProps) {
  const { cleanup } = w()
  const words = cleanup.undo
  useReloadAt(Math.min(...evictions.map(({ undoUntil }) => undoUntil ?? Number.POSITIVE_INFINITY)), onChange)
  const act = useAct(onChange)
  if (evictions.length === 0) return <p class="quiet">{words.none}</p>
  return (
    <>
      <div class="table-frame">
        <table>
          <caption class="unseen">{words.title}</caption>
          <thead>
            <tr>
              <th scope="col">{words.what}</th>
              <th scope="col" class="wide">
                {words.who}
              </th>
              <th scope="col" class="wide">
                {words.when}
              </th>
              <th scope="col" class="end undo-size">
                {words.size}
              </th>
              <th scope="col">
                <span class="unseen">{words.undo}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {evictions.map((eviction) => (
              <Line key={eviction.id} eviction={eviction} act={act} />
            ))}
          </tbody>
        </table>
      </div>
      {evictions.length > 1 && (
        <p>
          <button type="button" disabled={act.isBusy} onClick={() => act.free(undefined)}>
            {words.freeAll}
          </button>
        </p>
      )}
    </>
  )
}

interface Act {
  readonly isBusy: boolean
  undo(eviction: Eviction): void
  free(id: string | undefined): void
}

function useAct(onChange: () => void): Act {
  const isBusy = useSignal(false)
  const run = (work: () => Promise<void>): void => {
    isBusy.value = true
    work()
      .catch((error: unknown) => toast(wordsFor(asFailure(error)), { tone: 'bad' }))
      .finally(() => {
        isBusy.value = false
        onChange()
      })
  }
  return {
    isBusy: isBusy.value,
    undo: ({ id, names }) =>
      run(async () => {
        const { images } = await ask('POST /undo', { id })
        // Without images it was tags alone.
        toast(w().evict.undone(images, images === 0 ? names.length : 0))
      }),
    free: (id) =>
      run(async () => {
        const freed = await ask('POST /evictions/free', id === undefined ? {} : { id })
        toast(w().cleanup.undo.freed(bytes(freed.bytes)))
      }),
  }
}

function Line({ eviction, act }: { eviction: Eviction; act: Act }) {
  const words = w().cleanup.undo
  const { id, names, images, who, at, undoUntil } = eviction
  const what = names[0] ?? w().common.images(images)
  return (
    <tr>
      <td>
        <span class="clamp" title={names.join('\n')}>
          {what} {names.length > 1 && <span class="quiet">{words.more(names.length - 1)}</span>}
        </span>
      </td>
      <td class="wide">{who}</td>
      <td class="wide">
        <Ago at={at} />
      </td>
      <td class="end undo-size">
        <Bytes n={eviction.bytes} />
      </td>
      <td class="end">
        <span class="row undo-actions">
          {undoUntil !== undefined && <small class="quiet">{words.until(timeOf(undoUntil))}</small>}
          <button
            type="button"
            disabled={act.isBusy}
            aria-label={words.label(what)}
            onClick={() => act.undo(eviction)}
          >
            <Icon name="undo" /> {words.undo}
          </button>
          <button
            type="button"
            disabled={act.isBusy}
            aria-label={words.labelFree(what)}
            onClick={() => act.free(id)}
          >
            {words.freeNow}
          </button>
        </span>
      </td>
    </tr>
  )
}

function timeOf(at: number): string {
  return new Intl.DateTimeFormat(tagOf(language.value), { timeStyle: 'short' }).format(at)
}

/** What can no longer be undone leaves the list by itself. */
function useReloadAt(at: number, reload: () => void): void {
  useEffect(() => {
    if (!Number.isFinite(at)) return undefined
    const waiting = setTimeout(reload, Math.max(1000, at - Date.now() + 1000))
    return () => clearTimeout(waiting)
  }, [at])
}
