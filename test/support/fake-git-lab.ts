import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type CacheParts, createCacheParts } from '../../src/cache/assemble.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openIndex } from '../../src/db/index.ts'
import { type Clock, DAY, SECOND, systemClock } from '../../src/domain/clock.ts'
import { GIB } from '../../src/domain/units.ts'
import { createEntrance } from '../../src/entrance.ts'
import { createGitFrontEnd } from '../../src/frontends/git/front-end.ts'
import type { GitSettings } from '../../src/frontends/git/settings.ts'
import { createGit, type Git, type GitEngineSettings } from '../../src/git/git.ts'
import type { Budget } from '../../src/git/room.ts'
import { createSigner } from '../../src/git/signer.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createStore } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { Resolve } from '../../src/upstream/resolve.ts'
import type { ConfigTables } from './cachalot.ts'
import { type CollectorLog, collectorLog } from './collector-log.ts'
import { type Fetched, type FetchOptions, fetchAll } from './http.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface GitLabOptions {
  /** Stands for github.com. */
  readonly url: string
  readonly settings?: Partial<GitSettings>
  readonly engine?: Partial<GitEngineSettings>
  readonly config?: ConfigTables
  readonly clock?: Clock
  readonly dataDir?: string
  readonly wait?: number
  readonly isOwner?: () => boolean
  readonly maxSize?: number
  /** Name look-up; then addresses of this machine are as foreign as any. */
  readonly resolve?: Resolve
}

export interface GitLab {
  readonly url: string
  readonly log: CollectorLog
  readonly parts: CacheParts
  readonly git: Git
  readonly dataDir: string
  get(path: string, options?: FetchOptions): Promise<Fetched>
  addKey(): Promise<string>
  close(): Promise<void>
}

const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations')

/** The engine with the front end of git alone in front of it, on loopback. */
export async function startGitLab(t: Cleanup, options: GitLabOptions): Promise<GitLab> {
  const { clock = systemClock, isOwner = () => true } = options
  const log = collectorLog()
  const folder = await tempDir(t)
  const dataDir = options.dataDir ?? join(folder, 'data')
  await mkdir(dataDir, { recursive: true })
  const file = join(folder, 'config.toml')
  await writeFile(file, stringify({ ...options.config, storage: { path: dataDir, min_free: '0' } }), {
    mode: 0o600,
  })
  const { config } = loadConfig({ file, env: {} })
  const store = createStore(dataDir, isOwner)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const upstream = { name: 'git:github.com', url: options.url, kind: 'files' as const, redirectHosts: [] }
  const client = createOriginClient({
    upstreams: [{ ...upstream, allowPrivate: options.resolve === undefined, tokenHosts: [] }],
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    clock,
    log,
  })
  const settings = () => ({ ...config.cache, ...config.storage, maxSize: options.maxSize ?? GIB })
  const parts = await createCacheParts({ client, index, store, clock, log, settings })
  const budget: Budget = {
    reserve: (bytes) => parts.quota.reserve(bytes),
    settle: (bytes) => parts.quota.settle(bytes),
  }
  const engine = { git: 'git', maxMirror: GIB, refsWindow: 0, negativeTtl: SECOND, ...options.engine }
  const root = join(dataDir, 'git')
  const git = createGit({
    root,
    trash: store.layout.trash,
    client,
    isOwner,
    budget,
    settings: () => engine,
    clock,
    log,
  })
  const front = createGitFrontEnd(
    {
      git,
      cache: parts.cache,
      signer: createSigner(join(root, 'key')),
      clock,
      log,
      ...(options.wait === undefined ? {} : { wait: options.wait }),
    },
    {
      enabled: true,
      hosts: [{ name: 'github.com', url: options.url, upstream: upstream.name }],
      files: [],
      staleIfError: 30 * DAY,
      maxFile: 0,
      ...options.settings,
    },
  )
  const door = createEntrance({ initial: config, index, clock, log })
  const handle = createPipeline({
    frontEnds: [front],
    fallback: (_req, res) => void res.writeHead(404).end('no protocol'),
    door,
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  const server = createServer(handle)
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo // listening on a port, so it is no pipe
  let closed: Promise<void> | undefined
  const end = async (): Promise<void> => {
    server.close()
    server.closeAllConnections()
    await parts.flights.drain()
    await git.close()
    await client.close()
    parts.flush()
    await index.close()
  }
  const close = (): Promise<void> => (closed ??= end())
  t.after(close)
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    log,
    parts,
    git,
    dataDir,
    get: (path, more) => fetchAll(url, { path, ...more }),
    addKey: async () => (await door.keys.create({ name: 'robot', by: 'local', expiresAt: undefined })).secret,
    close,
  }
}
