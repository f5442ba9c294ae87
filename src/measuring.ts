import type { CacheParts } from './cache/assemble.ts'
import { budgetsIn } from './config/budgets.ts'
import type { Config } from './config/config.ts'
import type { Index } from './db/index.ts'
import type { TrafficSums } from './db/traffic.ts'
import { type Clock, HOUR } from './domain/clock.ts'
import type { Scheduler } from './jobs/scheduler.ts'
import type { JobState, MetricsSources } from './metrics/sources.ts'
import type { Store } from './store/store.ts'
import type { OriginClient } from './upstream/origin.ts'

interface MeasuringDeps {
  readonly config: () => Config
  readonly index: Index
  readonly store: Store
  readonly client: Pick<OriginClient, 'health' | 'rateLimit'>
  readonly parts: CacheParts
  readonly scheduler: Pick<Scheduler, 'running' | 'ended'>
  readonly clock: Clock
}

/** Where metrics are read from. */
export function metricsSources(deps: MeasuringDeps): MetricsSources {
  const { config, index, client, parts, clock } = deps
  return {
    traffic: () => index.usage.sums(),
    hitRatio: () => hitRatio(index.usage.minutes.since(clock() - HOUR)),
    upstreams: () =>
      [...config().upstreams, ...config().fileUpstreams].map(({ name }) => ({
        upstream: name,
        breaker: client.health(name),
        limit: client.rateLimit(name),
      })),
    flights: () => {
      const flights = parts.flights.list()
      return { running: flights.length, readers: flights.reduce((sum, { readers }) => sum + readers, 0) }
    },
    store: () => storeState(deps),
    departures: () => parts.departures.list(),
    jobs: () => jobStates(deps),
    jobRuns: () => deps.scheduler.ended(),
  }
}

async function storeState({ config, index, store, parts }: MeasuringDeps) {
  const totals = await index.clerk.ask('totals', {})
  const budgets = new Map(budgetsIn(config()).map(({ name, maxSize }) => [name, maxSize]))
  return {
    used: parts.ledger.used,
    reserved: parts.ledger.reserved,
    maxSize: config().storage.maxSize,
    volumeFree: await store.freeBytes(),
    parts: await store.partBytes(),
    index: await store.indexBytes(),
    blobs: totals.blobs,
    pinned: totals.pinned,
    upstreams: withMirrors(totals.upstreams, await parts.annex.bytes()).map(({ upstream, bytes }) => ({
      upstream,
      bytes,
      budget: budgets.get(upstream) ?? 0,
    })),
  }
}

interface Held {
  readonly upstream: string
  readonly bytes: number
}

/** Mirrors are in nobody's index; their upstream is that of their large files. */
function withMirrors(held: readonly Held[], bytes: number): readonly Held[] {
  const isOther = ({ upstream }: Held): boolean => upstream !== MIRRORS
  const files = held.find((one) => !isOther(one))?.bytes ?? 0
  return files + bytes === 0 ? held : [...held.filter(isOther), { upstream: MIRRORS, bytes: files + bytes }]
}

const MIRRORS = 'git'

function hitRatio(minutes: readonly TrafficSums[]): ReturnType<MetricsSources['hitRatio']> {
  const sum = (key: 'requests' | 'bytes' | 'hits' | 'hitBytes'): number =>
    minutes.reduce((all, one) => all + one[key], 0)
  const [requests, bytes] = [sum('requests'), sum('bytes')]
  return {
    requests: requests === 0 ? undefined : sum('hits') / requests,
    bytes: bytes === 0 ? undefined : sum('hitBytes') / bytes,
  }
}

/** So many runs are looked through for the latest of each job. */
const RUNS = 100

function jobStates({ index, scheduler }: MeasuringDeps): readonly JobState[] {
  const running = new Set(scheduler.running().map(({ job }) => job as string))
  const latest = new Map<string, JobState>()
  for (const { job, startedAt, endedAt, error } of index.jobRuns.list(RUNS)) {
    if (latest.has(job) || endedAt === undefined) continue
    latest.set(job, { job, running: running.has(job), startedAt, endedAt, failed: error !== undefined })
  }
  const first = [...running].filter((job) => !latest.has(job))
  return [
    ...latest.values(),
    ...first.map((job) => ({ job, running: true, startedAt: 0, endedAt: undefined, failed: false })),
  ]
}
