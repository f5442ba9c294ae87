import { useSignal } from '@preact/signals'
import { ask } from '../../api.ts'
import { useLive } from '../../live.ts'
import { Problem } from '../../parts/problem.tsx'
import { Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Assistant } from './assistant.tsx'
import './cleanup.css'
import { History } from './history.tsx'
import { jobs } from './phase.ts'
import { Pins } from './pins.tsx'
import { Space } from './space.tsx'
import { Undo } from './undo.tsx'

/** How full it is, what can go, what must stay, and what went. */
export default function Cleanup() {
  const words = w().cleanup
  // Whatever is done on this page may change every number of it.
  const turn = useSignal(0)
  const onChange = (): void => void turn.value++
  useLive('jobs', ({ items }) => {
    const before = idsOf(jobs.peek())
    jobs.value = items
    if (idsOf(items) !== before) onChange()
  })
  const key = String(turn.value)
  const stats = useResource(key, (signal) => ask('GET /stats', {}, signal))
  const evictions = useResource(key, (signal) => ask('GET /evictions', {}, signal))
  const undoable = evictions.data?.items.filter(({ undoUntil }) => undoUntil !== undefined) ?? []
  return (
    <>
      <h1 tabIndex={-1}>{words.title}</h1>
      <section class="card stack work">
        <h2>{words.space.title}</h2>
        {stats.failure !== undefined && <Problem failure={stats.failure} retry={stats.reload} />}
        {stats.data === undefined && stats.isLoading && <Skeleton lines={4} />}
        {stats.data !== undefined && (
          <Space disk={stats.data.disk} undoable={undoable.reduce((sum, { bytes }) => sum + bytes, 0)} />
        )}
      </section>
      <section class="card stack work">
        <h2>{words.free.title}</h2>
        <Assistant disk={stats.data?.disk} onDone={onChange} />
      </section>
      <section class="card stack work">
        <h2>{words.undo.title}</h2>
        {evictions.failure !== undefined && <Problem failure={evictions.failure} retry={evictions.reload} />}
        {evictions.data === undefined && evictions.isLoading && <Skeleton lines={1} />}
        {evictions.data !== undefined && <Undo evictions={undoable} onChange={onChange} />}
      </section>
      <section class="card stack work">
        <h2>{words.pins.title}</h2>
        <Pins onChange={onChange} />
      </section>
      <section class="card stack work">
        <h2>{words.history.title}</h2>
        <History turn={turn.value} />
      </section>
    </>
  )
}

function idsOf(rows: readonly { readonly id: number }[]): string {
  return rows.map(({ id }) => id).join()
}
