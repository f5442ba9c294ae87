import type { IncomingMessage } from 'node:http'
import type { Activity } from './activity/activity.ts'
import { createApi, createApiHandler } from './api/api.ts'
import type { Effective, Inside } from './api/deps.ts'
import { createRefetch } from './api/refetch.ts'
import { createWatching } from './api/watching.ts'
import type { WatchingDeps } from './api/watching-deps.ts'
import { challengeOf } from './auth/basic.ts'
import type { CacheParts } from './cache/assemble.ts'
import type { Account } from './cache/reconcile.ts'
import { budgetsIn } from './config/budgets.ts'
import type { Config } from './config/config.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import { LOCAL } from './domain/principal.ts'
import { MIB } from './domain/units.ts'
import type { Entrance } from './entrance.ts'
import { readConfigFacts } from './frontends/oci/config-facts.ts'
import { createOciFetcher } from './frontends/oci/fetcher.ts'
import type { OciSettings } from './frontends/oci/front-end.ts'
import { isFromPage } from './http/gate.ts'
import type { Hub } from './hub/hub.ts'
import { createDescriber } from './jobs/describe.ts'
import { createGc } from './jobs/gc/gc.ts'
import type { GcSettings } from './jobs/gc/goal.ts'
import { createScheduler, type Scheduler } from './jobs/scheduler.ts'
import { createVerify } from './jobs/verify.ts'
import type { Watch } from './jobs/watch.ts'
import { createExports } from './packages/exports.ts'
import { createImports } from './packages/imports.ts'
import type { Store } from './store/store.ts'
import type { ReloadableOriginClient } from './upstream/client.ts'
import { createWarmLists } from './warm-lists.ts'

/** Bytes per second that the scheduled check reads, so that pulls keep most of the disk. */
const SCRUB_RATE = 100 * MIB

function gcSettings(config: Config): GcSettings {
  const { cache, storage, jobs, upstreams } = config
  const own = upstreams.filter(({ expireUnused }) => expireUnused !== jobs.expireUnused)
  return {
    maxSize: storage.maxSize,
    evictTo: storage.evictTo,
    staleIfError: cache.staleIfError,
    expireUnused: jobs.expireUnused,
    expireUnusedOf: Object.fromEntries(own.map(({ name, expireUnused }) => [name, expireUnused])),
    maxSizeOf: Object.fromEntries(budgetsIn(config).map(({ name, maxSize }) => [name, maxSize])),
  }
}

interface ManagementDeps {
  readonly config: () => Config
  readonly effective: () => Effective
  readonly index: Index
  readonly store: Store
  readonly client: ReloadableOriginClient
  readonly parts: CacheParts
  readonly entrance: Entrance
  readonly activity: Activity
  readonly certificate: WatchingDeps['certificate']
  readonly clock: Clock
  readonly log: Log
  readonly isOwner: () => boolean
  readonly ociSettings: (config: Config) => OciSettings
  readonly inside: Inside
  readonly hub: Hub
}

/** What looks after the cache: jobs by the clock, and the API of commands and console. */
export function createManagement(deps: ManagementDeps) {
  const { config, effective, index, store, client, parts, entrance, clock, log, isOwner, ociSettings } = deps
  const { inside } = deps
  const gc = createGc({ ...parts, index, store, clock, log, settings: () => gcSettings(config()) })
  const fetcher = createOciFetcher(parts.cache, () => ociSettings(config()))
  const anew = createRefetch({ index, parts, inside, fetcher }, () => entrance.grant(LOCAL))
  const refetches = { refetch: anew.key, refetchMirror: anew.mirror }
  const verify = createVerify({ ...parts, ...refetches, index, store, clock })
  const scheduler: Scheduler = createScheduler({
    index,
    clock,
    log,
    isOwner,
    jobs: {
      gc: async (watch) => {
        const report = await gc.run({ goal: {}, dryRun: false }, watch)
        await index.snapshot()
        return report
      },
      scrub: (watch) => verify.run({ only: undefined, repair: false, rate: SCRUB_RATE }, watch),
    },
  })
  const settle = createSettling({ ...deps, scheduler })
  const describer = createDescriber({ index, store, isOwner, read: readConfigFacts })
  const describe = (): void => {
    describer.run().catch((error: unknown) => {
      log.warn({ event: 'describe', err: error }, 'what landed could not be described')
    })
  }
  const { prefetch, planned } = createWarmLists({ ...deps, scheduler })
  const plan = (next: Config): void =>
    scheduler.plan({ gc: next.jobs.gc, scrub: next.jobs.scrub }, planned(next))
  plan(config())
  const rateLimit = (upstream: string) => client.rateLimit(upstream)
  const watching = createWatching({
    ...deps,
    rateLimit,
    health: (upstream) => client.health(upstream),
    standing: (upstream) => client.standing(upstream),
    users: entrance.users,
    running: () => scheduler.running(),
    undoable: () => index.evictions.open().reduce((sum, { bytes }) => sum + bytes, 0),
  })
  const oci = () => ociSettings(config())
  const api = createApi({
    config,
    effective,
    index,
    store,
    parts,
    gc,
    verify,
    fetcher,
    inside,
    exports: createExports({ cache: parts.cache, index, settings: oci }),
    imports: createImports({ ...parts, index, store, settings: oci }),
    hub: deps.hub,
    scheduler,
    prefetch,
    rateLimit,
    watching,
    checks: deps.activity.checks,
    keys: entrance.keys,
    tokens: entrance.tokens,
    users: entrance.users,
    describe: () => describer.soon(),
    reception: entrance.reception,
    audit: entrance.audit,
    clock,
    log,
  })
  const challenge = (req: IncomingMessage): string =>
    challengeOf(isFromPage(req) ? 'Session' : 'Basic', entrance.realm())
  const owner = async () => ({ address: '', access: entrance.grant(LOCAL) })
  const local = createApiHandler(api, { welcome: owner, challenge }, log)
  const remote = createApiHandler(api, { welcome: entrance.welcome, challenge }, log)
  const tend = (): void => {
    settle()
    describe()
  }
  return { scheduler, plan, settle: tend, local, remote, describer, endStreams: watching.close }
}

/**
 * To be called now and then: frees what can no longer be undone. Once, in the background, it looks for what a killed
 * owner of the folder left, and counts anew where this process takes the folder over from another one, whose work it
 * did not follow.
 */
function createSettling(deps: ManagementDeps & { readonly scheduler: Scheduler }): () => void {
  const { index, parts, log, scheduler, isOwner } = deps
  const { ledger, budgets, aftermath } = parts
  const account: Account = {
    lost: (digest, size) => budgets.loses(digest, size),
    settle: (bytes) => parts.quota.settle(bytes),
  }
  const sweep = async ({ signal }: Watch) => {
    try {
      return await aftermath.rest(account, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      // Ended with the program: the next start looks again.
      return undefined
    }
  }
  const settle = async (isNew: boolean): Promise<void> => {
    if (index.crashed()) await scheduler.run('sweep', 'start', sweep)
    if (!isNew) return
    await ledger.recount(true)
    await budgets.recount()
  }
  const wasOwner = isOwner()
  let begun = false
  return () => {
    if (!isOwner()) return
    parts.undo.expire().catch((error: unknown) => {
      log.warn({ event: 'undo', err: error }, 'what was evicted could not be freed')
    })
    if (begun) return
    begun = true
    settle(!wasOwner).catch((error: unknown) => {
      log.warn({ event: 'job.sweep', err: error }, 'what the last run left could not be looked through')
    })
  }
}
