import { join } from 'node:path'
import { type CacheParts, type CacheSettings, createCacheParts } from '../../src/cache/assemble.ts'
import type { Want } from '../../src/cache/want.ts'
import { type Index, openIndex } from '../../src/db/index.ts'
import type { Digest } from '../../src/domain/digest.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import type { ClientLimits } from '../../src/upstream/settings.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import { type CollectorLog, collectorLog } from '../support/collector-log.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** The engine without front ends, in front of a fake registry. */
export interface Engine extends CacheParts {
  readonly hub: FakeUpstream
  readonly index: Index
  readonly store: Store
  readonly clock: FakeClock
  readonly log: CollectorLog
  readonly settings: CacheSettings
  /** What the registry front end wants for a blob. */
  blob(digest: Digest, over?: Partial<Want>): Want
}

export interface EngineOptions {
  readonly limits?: Partial<ClientLimits>
  readonly settings?: Partial<CacheSettings>
  readonly abandonGrace?: number
}

const MIGRATIONS = join(import.meta.dirname, '../../migrations')

export async function startEngine(t: Cleanup, options: EngineOptions = {}): Promise<Engine> {
  const dir = await tempDir(t)
  const hub = await startFakeUpstream()
  const clock = fakeClock()
  const log = collectorLog()
  const store = createStore(dir, () => true)
  const index = openIndex(store.layout.index, MIGRATIONS)
  const upstreams = [{ name: 'docker.io', url: hub.url, allowPrivate: true, tokenHosts: [] }]
  const client = createOriginClient({
    upstreams,
    clock,
    log,
    random: () => 0,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
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
    abandonGrace: options.abandonGrace ?? 20,
  })
  t.after(async () => {
    await parts.flights.drain()
    await client.close()
    await index.close()
    await hub.close()
  })
  return { ...parts, hub, index, store, clock, log, settings, blob }
}

function blob(digest: Digest, over: Partial<Want> = {}): Want {
  return {
    key: { frontEnd: 'oci', upstream: 'docker.io', repository: 'library/app', kind: 'blob', ref: digest },
    request: {
      upstream: 'docker.io',
      path: `/v2/library/app/blobs/${digest}`,
      repository: 'library/app',
    },
    digest,
    freshness: { kind: 'immutable' },
    missing: 'blob_unknown',
    maxBytes: 0,
    keepHeaders: [],
    ...over,
  }
}
