import type { Index } from '../db/index.ts'
import { type Clock, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { createAsker } from './asker.ts'
import { type Cache, createCache } from './cache.ts'
import { claimedSize, createContents } from './contents.ts'
import { createDocuments } from './documents.ts'
import { createFlights, type Flights } from './flights.ts'
import { createHot } from './hot.ts'
import { createLanding } from './landing.ts'
import { createNegative } from './negative.ts'
import { createQuota, type Quota, type QuotaLimits } from './quota.ts'
import { createResolver } from './resolve.ts'
import { createShelf } from './shelf.ts'
import { createTroubleReport, isTrouble } from './trouble.ts'

/** What may change while the engine runs. */
export interface CacheSettings extends QuotaLimits {
  /** Milliseconds. */
  readonly negativeTtl: number
  readonly verifiedRanges: boolean
  /** Bytes. */
  readonly finishAbandoned: number
}

export interface CacheParts {
  readonly cache: Cache
  readonly flights: Flights
  readonly quota: Quota
  /** Writes collected uses to the index. */
  flush(): void
}

const ABANDON_GRACE = SECOND

/** Puts the engine together. */
export async function createCacheParts(deps: {
  client: OriginClient
  index: Index
  store: Store
  clock: Clock
  log: Log
  settings: () => CacheSettings
  abandonGrace?: number
}): Promise<CacheParts> {
  const { client, index, store, clock, log, settings } = deps
  const report = createTroubleReport(log, clock)
  await store.sweepParts()
  // What a crash left on its way out; nobody waits for it.
  store.emptyTrash().catch(report)
  const hot = createHot()
  const quota = await createQuota({ index, store, hot, limits: settings })
  const landing = createLanding({ index, store, clock, report })
  const shelf = createShelf({ index, store, hot, quota, clock, log })
  const negative = createNegative(clock, () => settings().negativeTtl)
  const documents = createDocuments({ client, index, store, quota, landing, hot, clock, report })
  const asker = createAsker({ client, index, negative, clock, report })
  const resolver = createResolver({ client, index, documents, asker, clock, report })
  const flights = createFlights({
    client,
    store,
    quota,
    landing,
    finishAbandoned: () => settings().finishAbandoned,
    claimedSize: (digest) => claimedSize(index, digest),
    grace: deps.abandonGrace ?? ABANDON_GRACE,
  })
  const verifiedRanges = (): boolean => settings().verifiedRanges
  const contents = createContents({ client, index, shelf, flights, asker, verifiedRanges, report })
  const cache = createCache({ index, hot, shelf, resolver, asker, documents, flights, contents, clock })
  const flush = (): void => {
    try {
      index.blobs.flushTouches()
    } catch (error) {
      if (!isTrouble(error)) throw error
      report(error)
    }
  }
  return { cache, flights, quota, flush }
}
