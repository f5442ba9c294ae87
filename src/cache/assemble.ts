import type { NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import { type Clock, SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { EntryKey } from '../domain/names.ts'
import type { Store } from '../store/store.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { type Aftermath, createAftermath } from './aftermath.ts'
import { type Annex, type AnnexPlace, createAnnexPlace } from './annex.ts'
import { createOpenAside } from './aside.ts'
import { createAsker } from './asker.ts'
import { type Budgets, createBudgets } from './budgets.ts'
import { type Cache, createCache } from './cache.ts'
import { type Check, createCheck } from './check.ts'
import { claimedSize, createContents } from './contents.ts'
import { createCounting } from './counting.ts'
import { createDepartures, type Departures } from './departures.ts'
import { createDocuments } from './documents.ts'
import { createEviction } from './eviction.ts'
import { createEvictor, type Evictor } from './evictor.ts'
import { createFlights, type Flights } from './flights.ts'
import { createHot } from './hot.ts'
import { createLanding, type Landing } from './landing.ts'
import { createLeaving, type Leaving } from './leaving.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createMade, type Made } from './made.ts'
import { createNegative } from './negative.ts'
import { createPinned, type Pinned } from './pinned.ts'
import { createPresence, type Presence } from './presence.ts'
import { createQuota, type Quota, type QuotaLimits } from './quota.ts'
import { createHealing, followRepairs } from './recovery.ts'
import { createRemoval, type Removal } from './removal.ts'
import { createResolver } from './resolve.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createTroubleReport } from './trouble.ts'
import { createUndo, type Undo } from './undo.ts'
import { writeUses } from './uses.ts'

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
  /** The same for what nobody pulls: it counts as used, but not as pulled. */
  readonly ownCache: Cache
  readonly presence: Presence
  readonly flights: Flights
  readonly quota: Quota
  readonly landing: Landing
  readonly budgets: Budgets
  readonly ledger: Ledger
  readonly leaving: Leaving
  readonly departures: Departures
  readonly pinned: Pinned
  readonly removal: Removal
  readonly undo: Undo
  readonly evictor: Evictor
  readonly shelf: Shelf
  readonly aftermath: Aftermath
  readonly check: Check
  readonly made: Made
  /** What lies beside the store. */
  readonly annex: AnnexPlace
  /** Tells the budget of it. */
  annexed(annex: Annex): Promise<void>
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
  // What a crash left on its way out.
  await store.emptyTrash().catch(report)
  const aftermath = createAftermath({ index, store, clock, log })
  await aftermath.first()
  const hot = createHot()
  const budgets = createBudgets({ index, limitOf: (upstream) => settings().maxSizeOf?.(upstream) ?? 0 })
  const pinned = createPinned({ index, clock })
  const annex = createAnnexPlace((repository) =>
    pinned.coversFile({ kind: 'git', repository, file: undefined }),
  )
  const ledger = await createLedger({ index, store, annex })
  const leaving = createLeaving({ index, store, hot, budgets, ledger })
  const removal = createRemoval({ index, store, budgets, leaving })
  const departures = createDepartures()
  const undo = createUndo({ index, budgets, pinned, leaving, departures, removal, clock })
  const eviction = createEviction({ index, store, budgets, leaving, departures, undo, annex, ledger, log })
  const quota = createQuota({ store, ledger, budgets, eviction, limits: settings })
  const landing = createLanding({ index, store, budgets, pinned, clock, report })
  const shelf = createShelf({ index, store, hot, quota, budgets, clock, log })
  const negative = createNegative(clock, () => settings().negativeTtl)
  const documents = createDocuments({ client, index, store, quota, landing, hot, clock, report })
  const noticed = (key: EntryKey, { digest, size }: NewEntry): void => {
    if (index.blobs.find(digest) === undefined) return
    budgets.gains(key.upstream, digest, size)
    pinned.noticed(key, digest)
  }
  const asker = createAsker({ client, index, negative, noticed, clock, report })
  const resolver = createResolver({ client, index, documents, asker, clock, report })
  const flights = createFlights({
    client,
    store,
    quota,
    landing,
    finishAbandoned: () => settings().finishAbandoned,
    claimedSize: (digest) => claimedSize(index, digest),
    refused: asker.refused,
    grace: deps.abandonGrace ?? ABANDON_GRACE,
  })
  const verifiedRanges = (): boolean => settings().verifiedRanges
  const openAside = createOpenAside({ store, quota, report })
  const contents = createContents({ client, index, shelf, flights, asker, openAside, verifiedRanges, report })
  const plain = createCache({ index, hot, shelf, resolver, asker, documents, flights, contents })
  const cacheFor = (isForClients: boolean): Cache =>
    createHealing(createCounting(plain, { index, clock, isForClients }), index)
  const recount = async (): Promise<void> => {
    await ledger.recount(true)
    await budgets.recount()
    await pinned.refresh()
  }
  await followRepairs({ index, store, clock, log, recount })
  return {
    cache: cacheFor(true),
    ownCache: cacheFor(false),
    presence: createPresence({ client, index, shelf, asker, clock, report }),
    flights,
    quota,
    landing,
    budgets,
    ledger,
    leaving,
    departures,
    pinned,
    removal,
    undo,
    evictor: createEvictor({ index, budgets, leaving, departures, removal, pinned }),
    shelf,
    aftermath,
    check: createCheck({ client, index, asker, clock, report }),
    annex,
    made: createMade({ index, store, quota, landing, shelf, clock, report }),
    annexed: async (held) => {
      annex.hold(held)
      ledger.used += await held.bytes()
    },
    flush: () => writeUses(index, report),
  }
}
