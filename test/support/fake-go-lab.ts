import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type CacheParts, createCacheParts } from '../../src/cache/assemble.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { type Clock, MINUTE, systemClock } from '../../src/domain/clock.ts'
import type { EntryKey } from '../../src/domain/names.ts'
import { GIB } from '../../src/domain/units.ts'
import { createEntrance } from '../../src/entrance.ts'
import { createGoFrontEnd } from '../../src/frontends/go/front-end.ts'
import type { GoSettings } from '../../src/frontends/go/settings.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createStore } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import type { ConfigTables } from './cachalot.ts'
import { type CollectorLog, collectorLog } from './collector-log.ts'
import { type Fetched, type FetchOptions, fetchAll } from './http.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface GoLabOptions {
  readonly upstreams: readonly (Pick<UpstreamSettings, 'name' | 'url'> & Partial<UpstreamSettings>)[]
  readonly settings?: Partial<GoSettings>
  readonly config?: ConfigTables
  readonly clock?: Clock
  readonly dataDir?: string
  /** Files of a certificate: then it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface GoLab {
  /** Of the proxy, "http://127.0.0.1:PORT/go". */
  readonly url: string
  readonly log: CollectorLog
  readonly parts: CacheParts
  readonly index: Index
  readonly dataDir: string
  /** fetchAll below its address. */
  get(path: string, options?: FetchOptions): Promise<Fetched>
  /** A new pull key. */
  addKey(): Promise<string>
  /** Settles when nothing is on its way in: clients have the last byte before the index has the row. */
  landed(): Promise<void>
  /** As if the disk had needed the room: this name goes, as soon as nothing is on its way in. */
  evict(key: EntryKey): Promise<void>
  close(): Promise<void>
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations')

/** The engine with the module proxy alone in front of it, on loopback; upstreams are those of the origin client. */
export async function startGoLab(t: Cleanup, options: GoLabOptions): Promise<GoLab> {
  const { clock = systemClock } = options
  const log = collectorLog()
  const folder = await tempDir(t)
  const dataDir = options.dataDir ?? join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  const file = join(folder, 'config.toml')
  await writeFile(file, stringify({ ...options.config, storage: { path: dataDir, min_free: '0' } }), {
    mode: 0o600,
  })
  const { config } = loadConfig({ file, env: {} })
  const isOwner = (): boolean => true
  const store = createStore(dataDir, isOwner)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const client = createOriginClient({ upstreams: options.upstreams.map(withDefaults), clock, log })
  const settings = () => ({ ...config.cache, ...config.storage, maxSize: GIB })
  const parts = await createCacheParts({ client, index, store, clock, log, settings })
  const front = createGoFrontEnd({ cache: parts.cache, keeper: parts.made, log }, settingsOf(options))
  const door = createEntrance({ initial: config, index, clock, log })
  const handle = createPipeline({
    frontEnds: [front],
    fallback: (_req, res) => void res.writeHead(404).end('no protocol'),
    door,
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  const server =
    options.tls === undefined ? createServer(handle) : createSecureServer(pairIn(options.tls), handle)
  const port = await listen(server)
  const landed = async (): Promise<void> => {
    await Promise.allSettled(parts.flights.list().map((flight) => flight.landed))
  }
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => (closed ??= end())
  const end = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await parts.flights.drain()
    await client.close()
    parts.flush()
    await index.close()
  }
  t.after(close)
  const origin = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  return {
    url: `${origin}/go`,
    log,
    parts,
    index,
    dataDir,
    get: (path, more) => fetchAll(origin, { path, ...more }),
    addKey: async () => (await door.keys.create({ name: 'robot', by: 'local', expiresAt: undefined })).secret,
    landed,
    evict: async (key) => {
      await landed()
      await index.transact(() => index.entries.remove(key, clock()))
    },
    close,
  }
}

function settingsOf({ upstreams, settings = {} }: GoLabOptions): GoSettings {
  return {
    enabled: true,
    verify: 'record',
    upstreams: upstreams.map(({ name }) => ({ name, match: [], onError: 'stop' as const })),
    databases: [],
    private: [],
    whenUnreachable: 'error',
    listTtl: MINUTE,
    ...settings,
  }
}

function withDefaults(given: GoLabOptions['upstreams'][number]): UpstreamSettings {
  return { kind: 'files', allowPrivate: true, tokenHosts: [], ...given }
}

function pairIn({ cert, key }: { cert: string; key: string }) {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return (server.address() as AddressInfo).port // listening on a port, so it is no pipe
}
