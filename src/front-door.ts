import type { RequestListener } from 'node:http'
import type { Activity } from './activity/activity.ts'
import type { CacheParts } from './cache/assemble.ts'
import type { Config } from './config/config.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import type { Entrance } from './entrance.ts'
import { createOciFrontEnd, type OciSettings } from './frontends/oci/front-end.ts'
import { createPipeline } from './http/pipeline.ts'
import { createService } from './http/service.ts'
import type { Store } from './store/store.ts'

export interface FrontDoor {
  readonly handle: RequestListener
  /** Takes the configuration of this moment into use. */
  refresh(): void
}

/** Everything between a client's connection and the cache. */
export function createFrontDoor(deps: {
  readonly config: () => Config
  readonly entrance: Entrance
  readonly activity: Activity
  readonly parts: CacheParts
  readonly index: Index
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** The management API, for whoever logs in. */
  readonly api: RequestListener
  readonly consoleFolder: string
  readonly isStopping: () => boolean
}): FrontDoor {
  const { config, entrance, parts, index, store, clock, log, api, consoleFolder, isStopping } = deps
  const oci = createOciFrontEnd(parts, ociSettings(config()))
  const probe = async (): Promise<void> => {
    index.blobs.coldest(1)
    await store.probe()
  }
  const { setup } = entrance
  const service = createService({ isStopping, probe, door: entrance, setup, consoleFolder, clock, log })
  const handle = createPipeline({
    frontEnds: [oci],
    fallback: (req, res) => (req.url?.startsWith('/api/') === true ? api(req, res) : service(req, res)),
    door: entrance,
    watch: deps.activity.begin,
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  return { handle, refresh: () => oci.update(ociSettings(config())) }
}

/** What the registry front end has to know of the configuration. */
export function ociSettings({ upstreams, cache, limits }: Config): OciSettings {
  const { maxManifest, maxBlob } = limits
  return { upstreams, limits: { staleIfError: cache.staleIfError, maxManifest, maxBlob } }
}
