import { collectDefaultMetrics, Registry } from 'prom-client'
import { addJobMetrics } from './jobs.ts'
import type { MetricsSources } from './sources.ts'
import { addDepartureMetrics, addStoreMetrics } from './store.ts'
import { addFlightMetrics, addTrafficMetrics } from './traffic.ts'
import { addUpstreamMetrics, createUpstreamMeter, type UpstreamMeter } from './upstreams.ts'

export interface Metrics {
  /** Counts calls of upstreams. */
  readonly meter: UpstreamMeter
  /** From now on everything else is read from there. Once. */
  readFrom(sources: MetricsSources): void
  /** All metrics in the text format of Prometheus, and its media type. */
  render(): Promise<{ readonly type: string; readonly text: string }>
}

/** Gauges that are called totals, which Prometheus' own checks take for a mistake; the same stands in others by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * Metrics for Prometheus. Nearly everything is counted elsewhere and read when it is asked for, so that nobody pays for
 * metrics that nobody reads; those of the process itself begin with the first question.
 */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const meter = createUpstreamMeter(registry)
  let areOfProcess = false
  return {
    meter,
    readFrom: (sources) => {
      addTrafficMetrics(registry, sources)
      addFlightMetrics(registry, sources)
      addUpstreamMetrics(registry, sources)
      addStoreMetrics(registry, sources)
      addDepartureMetrics(registry, sources)
      addJobMetrics(registry, sources)
    },
    render: async () => {
      if (!areOfProcess) addProcessMetrics(registry)
      areOfProcess = true
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

function addProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
}
