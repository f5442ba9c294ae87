import { Counter, Histogram, type Registry } from 'prom-client'
import { addGauge } from './instruments.ts'
import type { MetricsSources } from './sources.ts'

/** What is told of every call of an upstream. */
export interface UpstreamMeter {
  /** Headers came, after so many milliseconds. */
  answered(upstream: string, took: number): void
  /** It failed, of the kind that is the upstream's own fault. */
  failed(upstream: string, code: string): void
}

/** Seconds: from an upstream next door to one that is given up. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const BREAKER = { closed: 0, due: 1, open: 2 } as const

export function createUpstreamMeter(registry: Registry): UpstreamMeter {
  const registers = [registry]
  const latency = new Histogram({
    name: 'cachalot_upstream_seconds',
    help: 'Seconds until the headers of an answer came, by upstream.',
    labelNames: ['upstream'] as const,
    buckets: BUCKETS,
    registers,
  })
  const errors = new Counter({
    name: 'cachalot_upstream_errors_total',
    help: 'Calls of upstreams that failed, by upstream and by what went wrong.',
    labelNames: ['upstream', 'code'] as const,
    registers,
  })
  return {
    answered: (upstream, took) => latency.observe({ upstream }, took / 1000),
    failed: (upstream, code) => errors.inc({ upstream, code }),
  }
}

/** How upstreams stand at this moment. */
export function addUpstreamMetrics(registry: Registry, sources: MetricsSources): void {
  const labels = ['upstream'] as const
  addGauge(
    registry,
    {
      name: 'cachalot_upstream_breaker',
      help: 'Whether an upstream is asked: 0 it is, 1 the next request tries it, 2 it rests after failures.',
      labels,
    },
    () => sources.upstreams().map(({ upstream, breaker }) => [{ upstream }, BREAKER[breaker]]),
  )
  const limits = () =>
    sources
      .upstreams()
      .flatMap(({ upstream, limit }) => (limit === undefined ? [] : [{ upstream, ...limit }]))
  addGauge(
    registry,
    {
      name: 'cachalot_upstream_limit_remaining',
      help: 'Pulls or calls that are left in the limit of an upstream, as it said last.',
      labels,
    },
    () => limits().map(({ upstream, remaining }) => [{ upstream }, remaining]),
  )
  addGauge(
    registry,
    {
      name: 'cachalot_upstream_limit',
      help: 'Pulls or calls that an upstream allows in its window, as it said last.',
      labels,
    },
    () => limits().map(({ upstream, limit }) => [{ upstream }, limit]),
  )
}
