import { join } from 'node:path'
import { fullPattern } from './api/pattern.ts'
import { type CacheSettings, createCacheParts } from './cache/assemble.ts'
import type { Pinned } from './cache/pinned.ts'
import type { Quota } from './cache/quota.ts'
import { budgetsIn } from './config/budgets.ts'
import type { Config } from './config/config.ts'
import { createDataOwner } from './data-owner.ts'
import { openIndex } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import { VERSION } from './domain/version.ts'
import { createEntrance } from './entrance.ts'
import { createGit, type Git, type GitDeps } from './git/git.ts'
import { mirrorSettings } from './git-settings.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createStore, type Store } from './store/store.ts'
import { createTraces } from './traces/traces.ts'
import { createOriginClient } from './upstream/client.ts'
import type { UpstreamSettings } from './upstream/settings.ts'

interface EngineOptions {
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds a download nobody reads goes on before it is parked. */
  readonly abandonGrace: number | undefined
  /** Whether clients come in. */
  readonly isServer: boolean
}

const MIGRATIONS = join(import.meta.dirname, '..', 'migrations')

/** The cache itself, without anybody who asks it. Rejects with the error of whatever could not be opened. */
export async function openEngine(
  config: () => Config,
  { clock, log, abandonGrace, isServer }: EngineOptions,
) {
  const owner = createDataOwner(log)
  const { isOwner } = owner
  const store = createStore(config().storage.path, isOwner)
  owner.tryClaim(store.layout.lock)
  const index = openIndex(store.layout.index, MIGRATIONS, { isOwner, clock, log })
  const metrics = createMetrics()
  const traces = createTraces({ version: VERSION, log })
  // Commands that work on the folder by themselves answer no requests.
  const follow = async (): Promise<void> => (isServer ? await traces.update(config().traces) : undefined)
  await follow()
  const meter = { ...metrics.meter, asking: traces.asking }
  const client = createOriginClient({ upstreams: originsIn(config()), clock, log, meter })
  const grace = abandonGrace === undefined ? {} : { abandonGrace }
  const settings = settingsOf(config)
  const parts = await createCacheParts({ client, index, store, clock, log, settings, ...grace })
  const entrance = createEntrance({ initial: config(), index, clock, log })
  await configurePins(parts.pinned, config(), log)
  const git = mirrorsFor(config, { store, client, isOwner, budget: parts.quota, clock, log })
  await parts.annexed(git.mirrors)
  const makeRoomNow = (): Promise<void> => makeRoom(parts.quota, config(), log)
  return {
    owner,
    store,
    index,
    client,
    metrics,
    traces,
    parts,
    entrance,
    git,
    /** What is above the limits of this moment goes. Never rejects. */
    makeRoom: makeRoomNow,
    /** Takes the configuration of this moment into use. */
    refresh: (): void => {
      void configurePins(parts.pinned, config(), log)
      void makeRoomNow()
      client.update(originsIn(config()))
      void follow()
      entrance.update(config())
    },
  }
}

function mirrorsFor(
  config: () => Config,
  { store, ...deps }: Omit<GitDeps, 'root' | 'trash' | 'settings'> & { readonly store: Store },
): Git {
  const { git: root, trash } = store.layout
  return createGit({ ...deps, root, trash, settings: () => mirrorSettings(config()) })
}

/** After limits were lowered: downloads would make the room too, but only as they need it. */
async function makeRoom(quota: Quota, config: Config, log: Log): Promise<void> {
  try {
    await quota.shrink()
    for (const { name, maxSize } of budgetsIn(config)) if (maxSize > 0) await quota.shrink(name)
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

/** Made once for each configuration: they are asked for at every landing. */
function settingsOf(config: () => Config): () => CacheSettings {
  let known: { readonly of: Config; readonly settings: CacheSettings } | undefined
  return () => {
    const of = config()
    if (known?.of !== of) known = { of, settings: cacheSettings(of) }
    return known.settings
  }
}

function cacheSettings(config: Config): CacheSettings {
  const budgets = new Map(budgetsIn(config).map(({ name, maxSize }) => [name, maxSize]))
  return { ...config.cache, ...config.storage, maxSizeOf: (name) => budgets.get(name) ?? 0 }
}

/** Everybody who may be asked for anything. */
function originsIn({ upstreams, fileUpstreams, hub }: Config): readonly UpstreamSettings[] {
  return [...upstreams, ...fileUpstreams, ...(hub.upstream === undefined ? [] : [hub.upstream])]
}
