import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Events, Overview, Range } from '../../../../src/api/contract-activity.ts'
import { ask } from '../../api.ts'
import { lazy } from '../../lazy.tsx'
import { useLive } from '../../live.ts'
import { Problem } from '../../parts/problem.tsx'
import { Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { query, setQuery } from '../../router.ts'
import { w } from '../../words/words.ts'
import { AttentionList } from './attention.tsx'
import { DiskKinds } from './disk-kinds.tsx'
import { Tiles } from './tiles.tsx'
import { TopLists } from './top-lists.tsx'
import { Traffic } from './traffic.tsx'
import { UpstreamList } from './upstream-list.tsx'
import './overview.css'

/** Of a cache with nothing in it, which is soon over. */
const FirstSteps = lazy(() => import('./first-steps.tsx'))
const RANGES: readonly Range[] = ['1h', '24h', '7d', '30d']
/** What is counted over a period is asked for again when something happened, but not more often than that. */
const FRESH_MS = 20_000

export default function OverviewPage() {
  const words = w().overview
  const range = RANGES.find((one) => one === query.value.get('range')) ?? '24h'
  const { data, failure, reload } = useOverview(range)
  return (
    <>
      <header class="spread">
        <h1 tabIndex={-1}>{words.title}</h1>
        <div class="range-choice" role="group" aria-label={words.range}>
          {RANGES.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === range}
              onClick={() => setQuery({ range: one === '24h' ? undefined : one })}
            >
              {words.ranges[one]}
            </button>
          ))}
        </div>
      </header>
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      {data === undefined ? failure === undefined && <Waiting /> : <Content data={data} />}
    </>
  )
}

function Content({ data }: { readonly data: Overview }) {
  const isFilled = data.images > 0 || data.biggest.length > 0
  const wasEmpty = useRef(!isFilled)
  return (
    <>
      <AttentionList items={data.attention} />
      {wasEmpty.current && <FirstSteps active={data.active.pulls} images={data.images} />}
      <Tiles data={data} />
      <div class="overview-middle">
        <Traffic data={data.series} />
        <div class="overview-side">
          <UpstreamList rows={data.upstreams} />
          {data.kinds.length > 1 && <DiskKinds rows={data.kinds} />}
        </div>
      </div>
      {isFilled && <TopLists data={data} />}
    </>
  )
}

/** The overview of a period, kept up to date by what the server says by itself. */
function useOverview(range: Range) {
  const moves = useSignal(0)
  const live = useSignal<Events['overview'] | undefined>(undefined)
  const loaded = useRef({ at: Number.POSITIVE_INFINITY, isEmpty: false })
  const resource = useResource(`${range} ${moves.value}`, async (signal) => {
    const data = await ask('GET /overview', { range }, signal)
    loaded.current = { at: performance.now(), isEmpty: data.images === 0 && data.biggest.length === 0 }
    live.value = undefined
    return data
  })
  useLive('overview', (said) => {
    live.value = said
    const { at, isEmpty } = loaded.current
    // The first content is worth looking at once.
    if (performance.now() - at > (isEmpty ? 0 : FRESH_MS)) moves.value++
  })
  useReturn(() => {
    if (performance.now() - loaded.current.at > FRESH_MS) moves.value++
  })
  const data = resource.data === undefined ? undefined : { ...resource.data, ...live.value }
  return { ...resource, data }
}

/** When a page that was out of sight is looked at again. */
function useReturn(look: () => void): void {
  useEffect(() => {
    const back = (): void => {
      if (!document.hidden) look()
    }
    document.addEventListener('visibilitychange', back)
    return () => document.removeEventListener('visibilitychange', back)
  }, [])
}

/** As high as what is to come, so that nothing jumps. */
function Waiting() {
  return (
    <>
      <div class="tiles">
        {[0, 1, 2, 3].map((i) => (
          <div key={i} class="card tile">
            <Skeleton lines={4} />
          </div>
        ))}
      </div>
      <div class="card overview-waiting">
        <Skeleton lines={6} />
      </div>
    </>
  )
}
