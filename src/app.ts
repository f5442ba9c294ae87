import { join } from 'node:path'
import { createCacheParts } from './cache/assemble.ts'
import type { Config } from './config/config.ts'
import { PRIVATE_NETWORKS } from './config/networks.ts'
import { openIndex } from './db/index.ts'
import { type Claim, claimDataFolder } from './db/owner.ts'
import { type Clock, SECOND, systemClock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import { createOciFrontEnd, type OciSettings } from './frontends/oci/front-end.ts'
import { createAdmission } from './http/admission.ts'
import { createClientAddress } from './http/client-address.ts'
import { createPipeline } from './http/pipeline.ts'
import { type Server, startServer } from './http/server.ts'
import { createService } from './http/service.ts'
import { createStore } from './store/store.ts'
import { createOriginClient } from './upstream/client.ts'

/** What tests put in place of the world. */
export interface Seams {
  readonly clock?: Clock
  readonly log: Log
  /** Milliseconds a download nobody reads goes on before it is parked. */
  readonly abandonGrace?: number
}

export interface App {
  readonly address: { readonly host: string; readonly port: number }
  /** Whether this process owns the data folder; a second one on the same folder does not. */
  readonly ownsData: boolean
  /** Takes a new configuration into use; server.listen and storage.path stay as they are. */
  update(config: Config): void
  /** Stops within `grace` ms: running answers end, downloads are parked, the index is closed. */
  close(grace?: number): Promise<void>
}

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations')
const STOP_GRACE = 30 * SECOND
const FLUSH_EVERY = 5 * SECOND
const NOTICE_EVERY = SECOND

/** The only constructor of things. Rejects with the error of whatever could not be opened or listened on. */
export async function startApp(initial: Config, seams: Seams): Promise<App> {
  let config = initial
  let stopping = false
  const { log } = seams
  const clock = seams.clock ?? systemClock
  const owner = createOwner(log)
  const store = createStore(config.storage.path, () => owner.claim !== undefined)
  owner.tryClaim(store.layout.lock)
  const index = openIndex(store.layout.index, MIGRATIONS)
  const client = createOriginClient({ upstreams: config.upstreams, clock, log })
  const { cache, flights, flush } = await createCacheParts({
    client,
    index,
    store,
    clock,
    log,
    settings: () => ({ ...config.cache, ...config.storage }),
    ...(seams.abandonGrace === undefined ? {} : { abandonGrace: seams.abandonGrace }),
  })
  const oci = createOciFrontEnd(cache, ociSettings(config))
  let admit = createAdmission(anonymousPull(config))
  let clientAddress = createClientAddress(config.server.trustedProxies)
  const service = createService({
    isStopping: () => stopping,
    probe: async () => {
      index.blobs.coldest(1)
      await store.probe()
    },
  })
  const handle = createPipeline({
    frontEnds: [oci],
    fallback: service,
    clientAddress: (req) => clientAddress(req),
    admit: (address) => admit(address),
    log,
  })
  const timers = [
    setInterval(flush, FLUSH_EVERY).unref(),
    setInterval(() => {
      index.notice()
      owner.tryClaim(store.layout.lock)
    }, NOTICE_EVERY).unref(),
  ]

  let server: Server
  try {
    server = await startServer({ ...config.server.listen, handle })
  } catch (error) {
    await client.close()
    index.close()
    owner.release()
    throw error
  }

  const close = async (grace = STOP_GRACE): Promise<void> => {
    stopping = true
    for (const timer of timers) clearInterval(timer)
    await server.close(grace)
    await flights.drain()
    await client.close()
    index.close()
    owner.release()
  }

  return {
    address: server.address,
    get ownsData() {
      return owner.claim !== undefined
    },
    update: (next) => {
      config = next
      client.update(next.upstreams)
      oci.update(ociSettings(next))
      admit = createAdmission(anonymousPull(next))
      clientAddress = createClientAddress(next.server.trustedProxies)
    },
    close,
  }
}

function ociSettings({ upstreams, cache, limits }: Config): OciSettings {
  const { maxManifest, maxBlob } = limits
  return { upstreams, limits: { staleIfError: cache.staleIfError, maxManifest, maxBlob } }
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
