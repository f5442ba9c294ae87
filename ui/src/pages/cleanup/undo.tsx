import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Eviction } from '../../../../src/api/contract-evict.ts'
import { ask } from '../../api.ts'
import { bytes } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
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
      <PlainTable
        caption={words.title}
        heads={[
          { title: words.what },
          { title: words.who, class: 'wide' },
          { title: words.when, class: 'wide' },
          { title: words.size, class: 'end undo-size' },
          { title: words.undo, isQuiet: true },
        ]}
      >
        {evictions.map((eviction) => (
          <Line key={eviction.id} eviction={eviction} act={act} />
        ))}
      </PlainTable>
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
        const { images, files } = await ask('POST /undo', { id })
        // Without images and files it was tags alone.
        const alone = images + files === 0 ? names.length : 0
        const { evict } = w()
        toast(evict.undone(evict.things(images, alone, files), images + files + alone))
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
  const { id, names, images, files, who, at, undoUntil } = eviction
  const what = names[0] ?? w().evict.things(images, 0, files)
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
