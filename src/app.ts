import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { type LocalApi, startLocalApi } from './api/local.ts'
import { fullPattern } from './api/pattern.ts'
import { type CacheParts, type CacheSettings, createCacheParts } from './cache/assemble.ts'
import type { Pinned } from './cache/pinned.ts'
import type { Quota } from './cache/quota.ts'
import type { Config } from './config/config.ts'
import { PRIVATE_NETWORKS } from './config/networks.ts'
import { type Index, openIndex } from './db/index.ts'
import { type Claim, claimDataFolder } from './db/owner.ts'
import { type Clock, HOUR, MINUTE, SECOND, systemClock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import { createOciFrontEnd, type OciSettings } from './frontends/oci/front-end.ts'
import { createAdmission } from './http/admission.ts'
import { createClientAddress } from './http/client-address.ts'
import { createPipeline } from './http/pipeline.ts'
import { createService } from './http/service.ts'
import { createManagement } from './management.ts'
import { createStore, type Store } from './store/store.ts'
import { startTransport, type Transport } from './transport.ts'
import { createOriginClient } from './upstream/client.ts'

/** What tests put in place of the world. */
export interface Seams {
  readonly clock?: Clock
  readonly log: Log
  /** Milliseconds a download nobody reads goes on before it is parked. */
  readonly abandonGrace?: number
  /** local: no listener for clients, only the socket of the data folder, for commands without a server. */
  readonly listen?: 'local'
}

export interface App {
  /** Where clients are listened for; port 0 when they are not. */
  readonly address: { readonly host: string; readonly port: number }
  /** Where the plain listener beside an encrypted server is, if there is one. */
  redirectAddress(): { readonly host: string; readonly port: number } | undefined
  /** Whether this process owns the data folder; a second one on the same folder does not. */
  readonly ownsData: boolean
  /** Takes a new configuration into use; server.listen and storage.path stay as they are. */
  update(config: Config): void
  /** Stops within `grace` ms: running answers end, downloads are parked, the index is closed. */
  close(grace?: number): Promise<void>
}

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations')
const STOP_GRACE = 30 * SECOND
const LONGEST_COMMAND = 24 * HOUR
const FLUSH_EVERY = 5 * SECOND
const NOTICE_EVERY = SECOND
/** So that a new folder has a snapshot before the first run of gc, and before the first clean stop. */
const FIRST_SNAPSHOT = 5 * MINUTE

/** The only constructor of things. Rejects with the error of whatever could not be opened or listened on. */
export async function startApp(initial: Config, seams: Seams): Promise<App> {
  let config = initial
  let stopping = false
  const { log } = seams
  const clock = seams.clock ?? systemClock
  const owner = createOwner(log)
  const isOwner = (): boolean => owner.claim !== undefined
  const store = createStore(config.storage.path, isOwner)
  owner.tryClaim(store.layout.lock)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const client = createOriginClient({ upstreams: config.upstreams, clock, log })
  const parts = await createCacheParts({
    client,
    index,
    store,
    clock,
    log,
    settings: () => cacheSettings(config),
    ...(seams.abandonGrace === undefined ? {} : { abandonGrace: seams.abandonGrace }),
  })
  const { flights, flush } = parts
  await configurePins(parts.pinned, config, log)
  const door = createFrontDoor({
    initial: config,
    parts,
    index,
    store,
    clock,
    log,
    isStopping: () => stopping,
  })
  const tools = { index, store, client, parts, clock, log, isOwner, ociSettings }
  const management = createManagement({ ...tools, config: () => config })
  const local = createLocal({ folder: store.layout.root, handle: management.handle, isOwner, log })
  const timers = [
    setInterval(flush, FLUSH_EVERY).unref(),
    setInterval(() => {
      owner.tryClaim(store.layout.lock)
      index.notice()
      management.settle()
      void local.start()
    }, NOTICE_EVERY).unref(),
    setTimeout(() => void snapshot(index, log), FIRST_SNAPSHOT).unref(),
  ]

  const end = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    // Another command may be at work in this one's engine.
    if (seams.listen === 'local') await local.close(LONGEST_COMMAND)
    await management.scheduler.stop()
    if (seams.listen !== 'local') await local.close(SECOND)
    await flights.drain()
    await client.close()
    await index.close()
    owner.release()
  }
  let transport: Transport | undefined
  try {
    if (seams.listen !== 'local') {
      transport = await startTransport({ config, handle: door.handle, clock, log, isOwner })
    }
    await local.start()
    // The limits may be lower than they were.
    void makeRoom(parts.quota, config, log)
  } catch (error) {
    await transport?.close(0)
    await end()
    throw error
  }

  const close = async (grace = STOP_GRACE): Promise<void> => {
    stopping = true
    await transport?.close(grace)
    await end()
  }

  return {
    address: transport?.address ?? { ...config.server.listen, port: 0 },
    redirectAddress: () => transport?.redirectAddress(),
    get ownsData() {
      return isOwner()
    },
    update: (next) => {
      config = next
      management.plan(next)
      void configurePins(parts.pinned, next, log)
      void makeRoom(parts.quota, next, log)
      client.update(next.upstreams)
      door.update(next)
      void transport?.update(next)
    },
    close,
  }
}

function ociSettings({ upstreams, cache, limits }: Config): OciSettings {
  const { maxManifest, maxBlob } = limits
  return { upstreams, limits: { staleIfError: cache.staleIfError, maxManifest, maxBlob } }
}

interface FrontDoorDeps {
  readonly initial: Config
  readonly parts: CacheParts
  readonly index: Index
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly isStopping: () => boolean
}

/** Everything between a client's connection and the cache. */
function createFrontDoor({ initial, parts, index, store, clock, log, isStopping }: FrontDoorDeps) {
  const oci = createOciFrontEnd(parts.cache, ociSettings(initial))
  let admit = createAdmission(anonymousPull(initial))
  let clientAddress = createClientAddress(initial.server.trustedProxies)
  const probe = async (): Promise<void> => {
    index.blobs.coldest(1)
    await store.probe()
  }
  const handle = createPipeline({
    frontEnds: [oci],
    fallback: createService({ isStopping, probe }),
    clientAddress: (req) => clientAddress(req),
    admit: (address) => admit(address),
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  const update = (config: Config): void => {
    oci.update(ociSettings(config))
    admit = createAdmission(anonymousPull(config))
    clientAddress = createClientAddress(config.server.trustedProxies)
  }
  return { handle, update }
}

/** The API for commands on this machine, from when this process owns the folder. A disk that refuses costs no pull. */
function createLocal(deps: { folder: string; handle: RequestListener; isOwner: () => boolean; log: Log }) {
  let starting: Promise<LocalApi | undefined> | undefined
  return {
    start: async (): Promise<void> => {
      if (!deps.isOwner() || starting !== undefined) return
      starting = startLocalApi(deps.folder, deps.handle)
      await starting.catch((error: unknown) => {
        deps.log.warn({ event: 'local', err: error }, 'commands cannot reach this server')
        starting = Promise.resolve(undefined)
      })
    },
    close: async (grace: number): Promise<void> => (await starting)?.close(grace),
  }
}

/** After limits were lowered: downloads would make the room too, but only as they need it. */
async function makeRoom(quota: Quota, { upstreams }: Config, log: Log): Promise<void> {
  try {
    await quota.shrink()
    for (const { name, maxSize } of upstreams) if (maxSize > 0) await quota.shrink(name)
  } catch (error) {
    log.warn({ event: 'shrink', err: error }, 'no room could be made')
  }
}

async function configurePins(pinned: Pinned, { pins, upstreams }: Config, log: Log): Promise<void> {
  try {
    await pinned.configure(pins.map((pin) => ({ ...pin, match: fullPattern(upstreams, pin.match) })))
  } catch (error) {
    log.warn({ event: 'pins', err: error }, 'the pins of the configuration could not be written down')
  }
}

function cacheSettings({ cache, storage, upstreams }: Config): CacheSettings {
  return {
    ...cache,
    ...storage,
    maxSizeOf: (name) => upstreams.find((upstream) => upstream.name === name)?.maxSize ?? 0,
  }
}

async function snapshot(index: Index, log: Log): Promise<void> {
  try {
    await index.snapshot()
  } catch (error) {
    log.warn({ event: 'index.snapshot', err: error }, 'the index could not be copied to its snapshot')
  }
}

function anonymousPull({ auth }: Config) {
  return auth.anonymousPull === 'private' ? PRIVATE_NETWORKS : auth.anonymousPull
}

/** The claim on the data folder, taken as soon as no other process has it. */
function createOwner(log: Log) {
  const owner: { claim: Claim | undefined; tryClaim(file: string): void; release(): void } = {
    claim: undefined,
    tryClaim: (file) => {
      try {
        owner.claim ??= claimDataFolder(file)
      } catch (error) {
        log.error({ event: 'owner', err: error }, 'the data folder cannot be claimed')
      }
    },
    release: () => {
      owner.claim?.release()
      owner.claim = undefined
    },
  }
  return owner
}
