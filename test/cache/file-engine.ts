import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type CacheParts, type CacheSettings, createCacheParts } from '../../src/cache/assemble.ts'
import type { Content, Want } from '../../src/cache/want.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import { MINUTE } from '../../src/domain/clock.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { createOriginClient, type ReloadableOriginClient } from '../../src/upstream/client.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { eventually } from '../e2e/support.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type FakeFiles, startFakeFiles } from '../support/fake-files.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** The engine without front ends, in front of two hosts of files: "files.test" and "mirror.test". */
export interface FileEngine extends CacheParts {
  readonly files: FakeFiles
  readonly mirror: FakeFiles
  readonly client: ReloadableOriginClient
  readonly index: Index
  readonly store: Store
  readonly clock: FakeClock
  readonly dir: string
  /** An immutable file unless `over` says otherwise. */
  file(path: string, over?: Partial<Want>): Want
  /** A file that is due after a minute. */
  mutable(path: string, over?: Partial<Want>): Want
  end(): Promise<void>
}

export interface FileEngineOptions {
  readonly settings?: Partial<CacheSettings>
  readonly upstream?: Partial<UpstreamSettings>
  /** Hosts, time and folder of an engine that has ended; the hosts end with this one. */
  readonly after?: Pick<FileEngine, 'dir' | 'files' | 'mirror' | 'clock'>
}

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

export async function startFileEngine(t: Cleanup, options: FileEngineOptions = {}): Promise<FileEngine> {
  const { after } = options
  const dir = after?.dir ?? (await tempDir(t))
  const files = after?.files ?? (await startFakeFiles())
  const mirror = after?.mirror ?? (await startFakeFiles())
  const clock = after?.clock ?? fakeClock()
  const log = collectorLog()
  const store = createStore(dir, () => true)
  const index = openIndex(store.layout.index, MIGRATIONS)
  const common = { allowPrivate: true, tokenHosts: [], kind: 'files', ...options.upstream } as const
  const upstreams = [
    { ...common, name: 'files.test', url: files.url },
    { ...common, name: 'mirror.test', url: mirror.url },
  ]
  const client = createOriginClient({ upstreams, clock, log, random: () => 0, limits: { idleMs: 500 } })
  const settings: CacheSettings = {
    maxSize: 0,
    evictTo: 0,
    minFree: 0,
    negativeTtl: 30_000,
    verifiedRanges: false,
    finishAbandoned: 0,
    ...options.settings,
  }
  const parts = await createCacheParts({
    client,
    index,
    store,
    clock,
    log,
    settings: () => settings,
    abandonGrace: 20,
  })
  let ended: Promise<void> | undefined
  const end = (): Promise<void> => (ended ??= close(parts, client, index))
  t.after(async () => {
    await end()
    await Promise.all([files.close(), mirror.close()])
  })
  return { ...parts, files, mirror, client, index, store, clock, dir, file, mutable, end }
}

async function close({ flights }: CacheParts, client: ReloadableOriginClient, index: Index): Promise<void> {
  await flights.drain()
  await client.close()
  await index.close()
}

/** What a front end for files wants of a file that never changes. */
export function file(path: string, over: Partial<Want> = {}): Want {
  return {
    key: { frontEnd: 'github', upstream: 'github', repository: 'owner/repo', kind: 'file', ref: path },
    request: { upstream: 'files.test', path: `/${path}` },
    digest: undefined,
    freshness: { kind: 'immutable' },
    missing: 'not_found',
    maxBytes: 0,
    keepHeaders: ['content-disposition'],
    ...over,
  }
}

function mutable(path: string, over: Partial<Want> = {}): Want {
  const freshness = {
    kind: 'revalidate',
    ttl: MINUTE,
    staleIfError: 60 * MINUTE,
    whenDeleted: 'keep',
    by: 'validator',
    metered: false,
  } as const
  return file(path, { freshness, ...over })
}

export interface Drained {
  readonly bytes: number
  readonly digest: string
}

/** Reads content to its end. Rejects when it does not come whole. */
export async function drain(content: Content): Promise<Drained> {
  const { run } = await content.read(undefined)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for (let piece = await run.pull(); piece !== undefined; piece = await run.pull()) {
      hash.update(piece.bytes)
      bytes += piece.bytes.length
      piece.release()
    }
  } finally {
    run.close()
    content.close()
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` }
}

export function drainedOf(bytes: Buffer): Drained {
  return { bytes: bytes.length, digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}` }
}

/** Nothing runs, nothing is reserved, and what is counted as used is what is there. */
export async function assertSettled({ flights, quota, index, store }: FileEngine): Promise<void> {
  await eventually('flights have ended', () => flights.list().length === 0)
  const used = index.blobs.totals().bytes + (await store.partBytes())
  assert.deepEqual(quota.usage(), { used, reserved: 0 })
}

export async function landed({ flights }: FileEngine): Promise<void> {
  await eventually('flights have ended', () => flights.list().length === 0)
}
