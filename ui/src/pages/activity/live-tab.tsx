import { useSignal } from '@preact/signals'
import type { Live, LiveFlight } from '../../../../src/api/contract-activity.ts'
import { ask } from '../../api.ts'
import { ago, bytes, rate } from '../../format.ts'
import { useLive } from '../../live.ts'
import { NameLink } from '../../parts/name-link.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Digest, Empty, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Bar } from './bar.tsx'
import { PullCard } from './pull-card.tsx'

/** Every pull that runs, and those that ended just now. */
export function LiveTab() {
  const said = useSignal<Live | undefined>(undefined)
  const { data, failure, reload } = useResource('live', (signal) => ask('GET /live', {}, signal))
  useLive('live', (live) => (said.value = live))
  const live = said.value ?? data
  if (live === undefined)
    return failure === undefined ? <Skeleton lines={5} /> : <Problem failure={failure} retry={reload} />
  const running = live.pulls.filter(({ endedAt }) => endedAt === undefined).length
  return (
    <div class="stack">
      <p class="unseen" aria-live="polite">
        {w().activity.live.running(running)}
      </p>
      {live.pulls.length === 0 && <Nothing />}
      <ul class="live-pulls">
        {inOrder(live.pulls).map((pull) => (
          <PullCard key={pull.id} pull={pull} />
        ))}
      </ul>
      {live.flights.length > 0 && <Flights flights={live.flights} />}
    </div>
  )
}

/** What runs comes first, then the latest. */
function inOrder(pulls: Live['pulls']): Live['pulls'] {
  const rank = (endedAt: number | undefined): number => (endedAt === undefined ? 0 : 1)
  return [...pulls].sort((a, b) => rank(a.endedAt) - rank(b.endedAt) || b.startedAt - a.startedAt)
}

/** Says when something was pulled last, so that an empty page tells more than nothing. */
function Nothing() {
  const words = w().activity.live
  const { data } = useResource('last', (signal) => ask('GET /requests', { limit: 1 }, signal))
  const last = data?.items[0]
  return (
    <Empty title={words.empty}>
      <p>{words.emptyMore}</p>
      {last !== undefined && <p>{words.last({ ago: ago(last.at), name: last.name, client: last.client })}</p>}
    </Empty>
  )
}

function Flights({ flights }: { flights: readonly LiveFlight[] }) {
  const words = w().activity.live
  return (
    <section class="card" aria-labelledby="flights">
      <h2 id="flights">{words.flights}</h2>
      <ul class="flights">
        {flights.map((flight) => (
          <Flight key={`${flight.name} ${flight.digest}`} flight={flight} />
        ))}
      </ul>
    </section>
  )
}

function Flight({ flight: { digest, name, size, done, readers, rate: speed } }: { flight: LiveFlight }) {
  const words = w().activity.live
  return (
    <li>
      <div class="spread">
        <span class="row">
          {digest !== undefined && <Digest text={digest} />}
          <NameLink text={name} />
        </span>
        <span class="quiet">{readers > 1 && words.readers(readers)}</span>
      </div>
      <Bar done={done} size={size} from="upstream" label={words.whole(name)} />
      <div class="spread quiet fine-print">
        <span>{size === undefined ? bytes(done) : words.done(bytes(done), bytes(size))}</span>
        <span>{rate(speed)}</span>
      </div>
    </li>
  )
}
