import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type CacheParts, createCacheParts } from '../../src/cache/assemble.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { type Clock, systemClock } from '../../src/domain/clock.ts'
import { GIB } from '../../src/domain/units.ts'
import { createEntrance } from '../../src/entrance.ts'
import type { FrontEnd } from '../../src/frontends/front-end.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { createOriginClient, type ReloadableOriginClient } from '../../src/upstream/client.ts'
import type { Resolve } from '../../src/upstream/resolve.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import type { ConfigTables } from './cachalot.ts'
import { type CollectorLog, collectorLog } from './collector-log.ts'
import { type Fetched, type FetchOptions, fetchAll } from './http.ts'
import { type Cleanup, tempDir } from './temp.ts'

/** What a front end is made of. */
export interface LabEngine {
  readonly parts: CacheParts
  readonly client: ReloadableOriginClient
  readonly store: Store
  readonly clock: Clock
  readonly log: CollectorLog
  /** To be ended after its downloads, and before the origin client. */
  ending(work: () => Promise<void>): void
}

export interface FrontEndLabOptions<Op> {
  readonly upstreams: readonly UpstreamSettings[]
  readonly frontEnd: (engine: LabEngine) => FrontEnd<Op>
  readonly config?: ConfigTables | undefined
  readonly clock?: Clock | undefined
  readonly dataDir?: string | undefined
  /** Files of a certificate: then it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  readonly isOwner?: (() => boolean) | undefined
  readonly maxSize?: number | undefined
  /** Name look-up; then addresses of this machine are as foreign as any. */
  readonly resolve?: Resolve | undefined
}

export interface FrontEndLab {
  /** "http://127.0.0.1:PORT" */
  readonly url: string
  readonly log: CollectorLog
  readonly parts: CacheParts
  readonly index: Index
  readonly dataDir: string
  /** fetchAll below its address. */
  get(path: string, options?: FetchOptions): Promise<Fetched>
  /** A new pull key. */
  addKey(name?: string): Promise<string>
  /** Settles when nothing is on its way in: clients have the last byte before the index has the row. */
  landed(): Promise<void>
  close(): Promise<void>
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations')

/** The engine with one front end alone in front of it, on loopback. */
export async function startFrontEndLab<Op>(
  t: Cleanup,
  options: FrontEndLabOptions<Op>,
): Promise<FrontEndLab> {
  const { clock = systemClock, isOwner = () => true, maxSize = GIB } = options
  const { config, dataDir } = await configured(t, options)
  const log = collectorLog()
  const store = createStore(dataDir, isOwner)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const { upstreams, resolve } = options
  const client = createOriginClient({ upstreams, clock, log, ...(resolve === undefined ? {} : { resolve }) })
  const settings = () => ({ ...config.cache, ...config.storage, maxSize })
  const parts = await createCacheParts({ client, index, store, clock, log, settings })
  const endings: (() => Promise<void>)[] = []
  const ending: LabEngine['ending'] = (work) => void endings.push(work)
  const door = createEntrance({ initial: config, index, clock, log })
  const handle = createPipeline({
    frontEnds: [options.frontEnd({ parts, client, store, clock, log, ending })],
    fallback: (_req, res) => void res.writeHead(404).end('no protocol'),
    door,
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  const server = createServerFor(options, handle)
  const end = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await parts.flights.drain()
    for (const work of endings) await work()
    await client.close()
    parts.flush()
    await index.close()
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= end())
  t.after(close)
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${await listen(server)}`
  return {
    url,
    log,
    parts,
    index,
    dataDir,
    get: (path, more) => fetchAll(url, { path, ...more }),
    addKey: async (name = 'robot') =>
      (await door.keys.create({ name, by: 'local', expiresAt: undefined })).secret,
    landed: async () => void (await Promise.allSettled(parts.flights.list().map((flight) => flight.landed))),
    close,
  }
}

async function configured<Op>(t: Cleanup, options: FrontEndLabOptions<Op>) {
  const folder = await tempDir(t)
  const dataDir = options.dataDir ?? join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  const file = join(folder, 'config.toml')
  const tables = { ...options.config, storage: { path: dataDir, min_free: '0' } }
  await writeFile(file, stringify(tables), { mode: 0o600 })
  return { config: loadConfig({ file, env: {} }).config, dataDir }
}

function createServerFor<Op>({ tls }: FrontEndLabOptions<Op>, handle: RequestListener): Server {
  if (tls === undefined) return createServer(handle)
  return createSecureServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, handle)
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return (server.address() as AddressInfo).port // listening on a port, so it is no pipe
}
