import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type CacheParts, createCacheParts } from '../../src/cache/assemble.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { type Clock, DAY, HOUR, MINUTE, systemClock } from '../../src/domain/clock.ts'
import { GIB } from '../../src/domain/units.ts'
import { createEntrance } from '../../src/entrance.ts'
import { createGithubFrontEnd } from '../../src/frontends/github/front-end.ts'
import type { GithubSettings } from '../../src/frontends/github/settings.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createStore } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import type { ConfigTables } from './cachalot.ts'
import { type CollectorLog, collectorLog } from './collector-log.ts'
import { type FakeGithub, startFakeGithub } from './fake-github.ts'
import { type Fetched, type FetchOptions, fetchAll } from './http.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface GithubLabOptions {
  readonly settings?: Partial<GithubSettings>
  readonly upstream?: Partial<UpstreamSettings>
  readonly config?: ConfigTables
  readonly clock?: Clock
}

export interface GithubLab {
  readonly github: FakeGithub
  /** "http://127.0.0.1:PORT" */
  readonly url: string
  readonly log: CollectorLog
  readonly parts: CacheParts
  readonly index: Index
  /** fetchAll below its address. */
  get(path: string, options?: FetchOptions): Promise<Fetched>
  /** Waits until what was pulled is kept, which is a moment after its last byte. */
  landed(): Promise<void>
  addKey(name?: string): Promise<string>
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations')

/** The engine with files of GitHub alone in front of it, on loopback, and a GitHub behind it. */
export async function startGithubLab(t: Cleanup, options: GithubLabOptions = {}): Promise<GithubLab> {
  const { clock = systemClock } = options
  const github = await startFakeGithub(t)
  const log = collectorLog()
  const folder = await tempDir(t)
  const dataDir = join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  const file = join(folder, 'config.toml')
  await writeFile(file, stringify({ ...options.config, storage: { path: dataDir, min_free: '0' } }), {
    mode: 0o600,
  })
  const { config } = loadConfig({ file, env: {} })
  const isOwner = (): boolean => true
  const store = createStore(dataDir, isOwner)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const client = createOriginClient({ upstreams: github.upstreams(options.upstream), clock, log })
  const settings = () => ({ ...config.cache, ...config.storage, maxSize: GIB })
  const parts = await createCacheParts({ client, index, store, clock, log, settings })
  const door = createEntrance({ initial: config, index, clock, log })
  const front = createGithubFrontEnd(
    { cache: parts.cache, clock, quotaOf: client.rateLimit },
    { ...SETTINGS, hosts: github.hosts, ...options.settings },
  )
  const server = createServer(
    createPipeline({
      frontEnds: [front],
      fallback: (_req, res) => void res.writeHead(404).end('no protocol'),
      door,
      note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
      log,
    }),
  )
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  t.after(async () => {
    server.close()
    server.closeAllConnections()
    await parts.flights.drain()
    await client.close()
    parts.flush()
    await index.close()
  })
  const { port } = server.address() as AddressInfo // listening on a port, so it is no pipe
  const url = `http://127.0.0.1:${port}`
  return {
    github,
    url,
    log,
    parts,
    index,
    get: (path, more) => fetchAll(url, { path, ...more }),
    landed: async () => void (await Promise.allSettled(parts.flights.list().map((flight) => flight.landed))),
    addKey: async (name = 'robot') =>
      (await door.keys.create({ name, by: 'local', expiresAt: undefined })).secret,
  }
}

const SETTINGS: GithubSettings = {
  enabled: true,
  rewriteScripts: false,
  tokenFor: [],
  refTtl: 5 * MINUTE,
  tagTtl: 24 * HOUR,
  staleIfError: 30 * DAY,
  maxFile: 0,
  hosts: [],
}
