import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import { type App, startApp } from '../../src/app.ts'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import type { Clock } from '../../src/domain/clock.ts'
import { type CollectorLog, collectorLog } from './collector-log.ts'
import { type FakeUpstream, type FakeUpstreamOptions, startFakeUpstream } from './fake-upstream.ts'
import { type Fetched, type FetchOptions, fetchAll, type OpenedStream, openStream } from './http.ts'
import { freePort } from './ports.ts'
import type { Cleanup } from './temp.ts'

/** A table of config.toml with keys as they are written there. */
export type Table = Readonly<Record<string, unknown>>

export interface UpstreamTable extends Table {
  readonly name: string
  readonly url: string
}

type Registry = 'server' | 'storage' | 'cache' | 'limits' | 'auth' | 'log' | 'jobs'
type Section = Registry | 'go' | 'github' | 'huggingface' | 'git' | 'hub' | 'traces'

/** Tables that are merged over the ones of the test. */
export type ConfigTables = Readonly<
  Partial<Record<Section, Table>> & {
    /** Lists of tables are taken as they are. */
    pin?: readonly Table[]
    rule?: readonly Table[]
    prefetch?: readonly Table[]
  }
>

export interface CachalotOptions {
  /** Stands for docker.io, which is the default upstream, when `upstreams` is not given. */
  readonly hub?: { readonly url: string }
  /** As in config.toml; the first is the default one unless another says so. */
  readonly upstreams?: readonly UpstreamTable[]
  readonly config?: ConfigTables
  /** Environment of the configuration, for passwords. */
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  /** Of the built console; by default there is none, whatever this machine has built. */
  readonly consoleFolder?: string
  /** A folder of the test's own, which stays; by default a fresh one that goes with the test. */
  readonly dataDir?: string
  /** Milliseconds. */
  readonly abandonGrace?: number
  /** Whether the log may hold errors of our own making (code `internal`). */
  readonly mayBreak?: boolean
}

export interface Cachalot {
  /** `http://127.0.0.1:<port>`, the same after a restart. */
  readonly url: string
  readonly port: number
  readonly app: App
  /** Of all its runs. */
  readonly log: CollectorLog
  readonly dataDir: string
  /** fetchAll below its address. */
  fetch(path: string, options?: FetchOptions): Promise<Fetched>
  /** openStream below its address. */
  open(path: string, options?: FetchOptions): Promise<OpenedStream>
  /** Takes further tables into use while it runs; they stay for later restarts. */
  reload(changes: Pick<CachalotOptions, 'config' | 'upstreams'>): Promise<void>
  /** Closes it and starts it again on the same port and folder. */
  restart(changes?: Pick<CachalotOptions, 'config' | 'upstreams'>): Promise<void>
  /** Safe more than once. `grace` as for App.close. */
  close(grace?: number): Promise<void>
}

/** The whole server in this process, on loopback. It is closed, and its log judged, when the test is over. */
export async function startCachalot(t: Cleanup, options: CachalotOptions): Promise<Cachalot> {
  const folder = await mkdtemp(join(tmpdir(), 'cachalot-test-'))
  const settings = { ...options, dataDir: options.dataDir ?? join(folder, 'data') }
  const running = await run(folder, settings).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw error
  })
  t.after(async () => {
    const closed = running.close(0)
    // A hook that throws keeps those after it from running, so judgement comes last.
    t.after(async () => {
      await closed
      if (options.mayBreak !== true) assertSound(running.log)
    })
    await closed.catch(() => undefined)
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  })
  return running
}

export interface Pair {
  /** docker.io, as far as the cache knows. */
  readonly hub: FakeUpstream
  readonly cache: Cachalot
}

/** A fake Docker Hub and a cache in front of it. */
export async function startPair(
  t: Cleanup,
  options: Omit<CachalotOptions, 'hub'> & { readonly fake?: FakeUpstreamOptions } = {},
): Promise<Pair> {
  const hub = await startFakeUpstream(options.fake)
  try {
    const cache = await startCachalot(t, { ...options, hub })
    // After the cache's own, so that the cache is closed before its upstream goes.
    t.after(() => hub.close())
    return { hub, cache }
  } catch (error) {
    await hub.close()
    throw error
  }
}

/** Fails when the log tells of something broken inside, as opposed to trouble that is part of the trade. */
export function assertSound(log: CollectorLog): void {
  const broken = log.entries.filter(
    ({ level, fields }) => level === 'error' && fields['error'] === 'internal',
  )
  assert.deepEqual(broken, [], 'the log tells of internal errors')
}

type Settings = CachalotOptions & { readonly dataDir: string }

async function run(folder: string, initial: Settings): Promise<Cachalot> {
  let settings = initial
  let port = await freePort()
  const log = collectorLog()
  const file = join(folder, 'config.toml')

  const load = async (changes: Pick<CachalotOptions, 'config' | 'upstreams'>): Promise<LoadedConfig> => {
    settings = { ...settings, ...changes, config: merge(settings.config, changes.config) }
    await writeFile(file, tomlOf(settings, port), { mode: 0o600 })
    return loadConfig({ file, env: settings.env ?? {} })
  }

  const start = async (changes: Pick<CachalotOptions, 'config' | 'upstreams'>): Promise<App> => {
    const loaded = await load(changes)
    const { config } = loaded
    const { clock, abandonGrace, consoleFolder } = settings
    const started = await startApp(config, {
      log,
      effective: () => loaded,
      consoleFolder: consoleFolder ?? join(folder, 'no-console'),
      ...(clock === undefined ? {} : { clock }),
      ...(abandonGrace === undefined ? {} : { abandonGrace }),
    })
    port = started.address.port
    return started
  }

  let app = await start({})
  let closed: Promise<void> | undefined
  const close = (grace?: number): Promise<void> => (closed ??= app.close(grace))
  const url = `http://127.0.0.1:${port}`

  return {
    url,
    port,
    log,
    dataDir: settings.dataDir,
    get app() {
      return app
    },
    fetch: (path, options) => fetchAll(url, { path, ...options }),
    open: (path, options) => openStream(url, { path, ...options }),
    reload: async (changes) => app.update((await load(changes)).config),
    restart: async (changes = {}) => {
      await close(0)
      app = await start(changes)
      closed = undefined
    },
    close,
  }
}

function merge(base: ConfigTables = {}, over: ConfigTables = {}): ConfigTables {
  const names = new Set([...Object.keys(base), ...Object.keys(over)] as (keyof ConfigTables)[]) // own keys only
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      name === 'pin' || name === 'rule' || name === 'prefetch'
        ? (over[name] ?? base[name])
        : { ...base[name], ...over[name] },
    ]),
  )
}

function tomlOf({ config = {}, dataDir, hub, upstreams }: Settings, port: number): string {
  const mine: ConfigTables = {
    server: { listen: `127.0.0.1:${port}` },
    storage: { path: dataDir, min_free: '0' },
    // Tests that search Docker Hub have one of their own.
    hub: { enabled: false },
  }
  return stringify({ ...merge(mine, config), upstream: withDefault(upstreams ?? hubAlone(hub)) })
}

function hubAlone(hub: { url: string } | undefined): UpstreamTable[] {
  assert.ok(hub, 'startCachalot needs a hub or upstreams')
  return [{ name: 'docker.io', url: hub.url, aliases: ['index.docker.io', 'registry-1.docker.io', 'hub'] }]
}

function withDefault(upstreams: readonly UpstreamTable[]): readonly UpstreamTable[] {
  if (upstreams.some((upstream) => upstream['default'] === true)) return upstreams
  return upstreams.map((upstream, i) => (i === 0 ? { default: true, ...upstream } : upstream))
}
