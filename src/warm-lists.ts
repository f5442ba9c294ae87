import type { CacheParts } from './cache/assemble.ts'
import type { Want } from './cache/want.ts'
import type { Config } from './config/config.ts'
import { readText } from './config/files.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import { isSha256 } from './domain/digest.ts'
import type { Log } from './domain/log.ts'
import { LOCAL } from './domain/principal.ts'
import type { Entrance } from './entrance.ts'
import type { OciSettings } from './frontends/oci/front-end.ts'
import { createWarming } from './frontends/oci/warming.ts'
import { createPrefetch, type Prefetch } from './jobs/prefetch/prefetch.ts'
import type { Scheduler } from './jobs/scheduler.ts'
import type { Planned } from './jobs/timetable.ts'
import type { OriginClient } from './upstream/origin.ts'

interface WarmListDeps {
  readonly config: () => Config
  readonly ociSettings: (config: Config) => OciSettings
  readonly parts: CacheParts
  readonly index: Index
  readonly client: Pick<OriginClient, 'rateLimit'>
  readonly entrance: Pick<Entrance, 'grant'>
  readonly scheduler: Scheduler
  readonly clock: Clock
  readonly log: Log
}

/** Lists of images that are brought in by the clock. */
export interface WarmLists {
  readonly prefetch: Prefetch
  /** When each of a configuration runs. */
  planned(config: Config): readonly Planned[]
}

export function createWarmLists({
  config,
  ociSettings,
  parts,
  client,
  entrance,
  ...deps
}: WarmListDeps): WarmLists {
  const { ownCache, presence, flights } = parts
  const landed = async (want: Want): Promise<void> => {
    await flights.find(want)?.landed.catch(() => undefined)
  }
  const prefetch = createPrefetch({
    ...deps,
    lists: () => config().prefetch,
    source: createWarming({ cache: ownCache, presence, landed, settings: () => ociSettings(config()) }),
    readText,
    rateLimit: (upstream) => client.rateLimit(upstream),
    most: async () => {
      const { pinnedBytes } = await deps.index.clerk.ask('totals', {})
      return (upstream) => mostHeld(config(), pinnedBytes, upstream)
    },
    isPinned: (digest) => isSha256(digest) && deps.index.blobs.standing(digest)?.pinned === true,
    access: () => entrance.grant(LOCAL),
  })
  return {
    prefetch,
    planned: (next) =>
      next.prefetch.flatMap(({ name, schedule: time }) =>
        time === undefined ? [] : [{ name, time, work: () => prefetch.atItsTime(name) }],
      ),
  }
}

/** Where the folder has no limit of its own, as the budgets of upstreams do it. */
const DEFAULT_SHARE = 0.9

/** What lists may take of what an eviction leaves: they stay young, so all the rest is left to what clients pull. */
const LISTS_SHARE = 0.5

/**
 * Bytes that lists may hold: half of what an eviction leaves of the folder beside what is pinned, or of one upstream.
 * 0: no limit.
 */
function mostHeld({ storage, upstreams }: Config, pinned: number, upstream: string | undefined): number {
  const { maxSize, evictTo } = storage
  if (upstream === undefined) return halfOf(evictTo, pinned)
  const own = upstreams.find(({ name }) => name === upstream)?.maxSize ?? 0
  return halfOf(own * (maxSize === 0 ? DEFAULT_SHARE : evictTo / maxSize), 0)
}

function halfOf(bytes: number, pinned: number): number {
  // Pins may take all of it, which is not the same as no limit.
  return bytes === 0 ? 0 : Math.max(1, Math.floor((bytes - pinned) * LISTS_SHARE))
}
