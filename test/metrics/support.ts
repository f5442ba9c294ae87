import type { MetricsSources } from '../../src/metrics/sources.ts'

/** Sources that always say the same, with something of everything. */
export const SOURCES: MetricsSources = {
  traffic: () => [
    { frontEnd: 'oci', upstream: 'docker.io', outcome: 'hit', requests: 90, bytes: 9000 },
    { frontEnd: 'oci', upstream: 'docker.io', outcome: 'bypass', requests: 1, bytes: 50 },
    { frontEnd: 'oci', upstream: 'docker.io', outcome: 'fetched', requests: 10, bytes: 1000 },
  ],
  hitRatio: () => ({ requests: 0.9, bytes: undefined }),
  upstreams: () => [
    { upstream: 'docker.io', breaker: 'closed', limit: { remaining: 7, limit: 100 } },
    { upstream: 'quay.io', breaker: 'open', limit: undefined },
  ],
  flights: () => ({ running: 2, readers: 5 }),
  store: async () => ({
    used: 100,
    reserved: 10,
    maxSize: 1000,
    volumeFree: 5000,
    parts: 20,
    index: 30,
    blobs: 4,
    pinned: 1,
    upstreams: [{ upstream: 'docker.io', bytes: 80, budget: 500 }],
  }),
  departures: () => [{ reason: 'room', objects: 3, bytes: 300 }],
  jobs: () => [
    { job: 'gc', running: true, startedAt: 1000, endedAt: 4000, failed: false },
    { job: 'scrub', running: false, startedAt: 1000, endedAt: 2000, failed: true },
  ],
  jobRuns: () => [{ job: 'gc', outcome: 'ok', runs: 2 }],
}
