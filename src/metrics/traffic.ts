import type { Registry } from 'prom-client'
import { addCounter, addGauge } from './instruments.ts'
import type { MetricsSources, TrafficSum } from './sources.ts'

/** Not an answer to anybody, but what an upstream sent. */
const FETCHED = 'fetched'
/** Sent on as it came: the upstream's bytes and ours are the same. */
const PASSED = 'bypass'

/** Answers by front end, upstream and outcome, and what they cost upstreams. */
export function addTrafficMetrics(registry: Registry, sources: MetricsSources): void {
  const labels = ['front_end', 'upstream', 'outcome'] as const
  const answers = (): readonly TrafficSum[] => sources.traffic().filter(({ outcome }) => outcome !== FETCHED)
  addCounter(
    registry,
    {
      name: 'cachalot_requests_total',
      help: 'Requests of clients that were answered, by front end, upstream and outcome.',
      labels,
    },
    () => answers().map((sum) => [labelsOf(sum), sum.requests]),
  )
  addCounter(
    registry,
    {
      name: 'cachalot_sent_bytes_total',
      help: 'Bytes of bodies that were sent to clients, by front end, upstream and outcome.',
      labels,
    },
    () => answers().map((sum) => [labelsOf(sum), sum.bytes]),
  )
  addCounter(
    registry,
    {
      name: 'cachalot_fetched_bytes_total',
      help: 'Bytes of bodies that upstreams sent, by front end and upstream.',
      labels: ['front_end', 'upstream'],
    },
    () =>
      sources
        .traffic()
        .filter(({ outcome }) => outcome === FETCHED || outcome === PASSED)
        .map(({ frontEnd: front_end, upstream, bytes }) => [{ front_end, upstream }, bytes]),
  )
  addGauge(
    registry,
    {
      name: 'cachalot_hit_ratio',
      help: 'Share of the last hour that no upstream had to send, of requests and of bytes.',
      labels: ['of'],
    },
    () =>
      Object.entries(sources.hitRatio()).flatMap(([of, share]) =>
        share === undefined ? [] : [[{ of }, share]],
      ),
  )
}

/** Downloads of this moment. */
export function addFlightMetrics(registry: Registry, sources: MetricsSources): void {
  addGauge(registry, { name: 'cachalot_flights', help: 'Downloads from upstreams that run now.' }, () => [
    [{}, sources.flights().running],
  ])
  addGauge(
    registry,
    { name: 'cachalot_flight_readers', help: 'Requests that read from running downloads now.' },
    () => [[{}, sources.flights().readers]],
  )
}

function labelsOf({ frontEnd: front_end, upstream, outcome }: TrafficSum) {
  return { front_end, upstream, outcome }
}
