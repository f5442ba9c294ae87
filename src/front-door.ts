import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import type { Activity } from './activity/activity.ts'
import { createPlainSetup } from './api/plain-setup.ts'
import type { CacheParts } from './cache/assemble.ts'
import type { Config } from './config/config.ts'
import { PRIVATE_NETWORKS } from './config/networks.ts'
import type { Index } from './db/index.ts'
import type { Clock } from './domain/clock.ts'
import type { Log } from './domain/log.ts'
import type { Entrance } from './entrance.ts'
import type { FrontEnd } from './frontends/front-end.ts'
import { createGitFrontEnd } from './frontends/git/front-end.ts'
import { createGithubFrontEnd } from './frontends/github/front-end.ts'
import { createGoFrontEnd } from './frontends/go/front-end.ts'
import { createHfFrontEnd } from './frontends/hf/front-end.ts'
import type { AskInside } from './frontends/inside.ts'
import { createOciFrontEnd, type OciSettings } from './frontends/oci/front-end.ts'
import type { FindRepositories } from './frontends/oci/search.ts'
import type { Git } from './git/git.ts'
import { createSigner } from './git/signer.ts'
import { gitSettings } from './git-settings.ts'
import { githubSettings } from './github-settings.ts'
import { goSettings } from './go-settings.ts'
import { hfSettings } from './hf-settings.ts'
import { createAdmission } from './http/admission.ts'
import { createInside } from './http/inside.ts'
import { createMetricsPage } from './http/metrics-page.ts'
import { createPipeline } from './http/pipeline.ts'
import { createService } from './http/service.ts'
import { createVirtualHosts } from './http/virtual-hosts.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Store } from './store/store.ts'
import type { Traces } from './traces/traces.ts'
import type { OriginClient } from './upstream/origin.ts'
import { virtualHosts } from './virtual-hosts.ts'

export interface FrontDoor {
  readonly handle: RequestListener
  /** Asks the same front ends without a client. */
  readonly ask: AskInside
  /** Takes the configuration of this moment into use. */
  refresh(): void
}

/** Everything between a client's connection and the cache. */
export function createFrontDoor(deps: {
  readonly config: () => Config
  readonly entrance: Entrance
  readonly activity: Activity
  readonly parts: CacheParts
  readonly client: Pick<OriginClient, 'rateLimit'>
  readonly git: Git
  readonly find: FindRepositories
  readonly index: Index
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** The management API, for whoever logs in. */
  readonly api: RequestListener
  readonly metrics: Pick<Metrics, 'render'>
  readonly traces: Pick<Traces, 'follow' | 'begin'>
  readonly consoleFolder: string
  readonly isStopping: () => boolean
}): FrontDoor {
  const { config, entrance, index, store, clock, log, api, consoleFolder, isStopping } = deps
  const protocols = createProtocols(deps)
  let placeOf = createVirtualHosts(virtualHosts(config()))
  const probe = async (): Promise<void> => {
    index.blobs.coldest(1)
    await store.probe()
  }
  const { setup, welcome, reception } = entrance
  const plainSetup = createPlainSetup({
    config,
    welcome,
    baseOf: reception.baseOf,
    mayPull: reception.mayPull,
  })
  const metrics = createMetricsPage({
    render: () => deps.metrics.render(),
    isNear: createAdmission(PRIVATE_NETWORKS),
    clientAddress: entrance.clientAddress,
    welcome,
  })
  const pages = { setup, plainSetup, metrics, consoleFolder }
  const service = createService({ isStopping, probe, door: entrance, ...pages, clock, log })
  const { traces, activity } = deps
  const pipeline = createPipeline({
    frontEnds: protocols.frontEnds,
    placeOf: (host) => placeOf(host),
    fallback: (req, res) => (req.url?.startsWith('/api/') === true ? api(req, res) : service(req, res)),
    door: entrance,
    watch: (arrival) => {
      const traced = traces.begin(arrival)
      const ended = activity.begin(arrival)
      return traced === undefined ? ended : (ms) => (ended(ms), traced(ms))
    },
    note: (traffic) => index.usage.note({ ...traffic, at: clock() }),
    log,
  })
  return {
    handle: (req, res) => traces.follow(() => pipeline(req, res)),
    ask: createInside({ frontEnds: protocols.frontEnds, log }),
    refresh: () => {
      protocols.refresh()
      placeOf = createVirtualHosts(virtualHosts(config()))
    },
  }
}

type ProtocolDeps = Omit<
  Parameters<typeof createFrontDoor>[0],
  'entrance' | 'activity' | 'index' | 'api' | 'metrics' | 'traces' | 'consoleFolder' | 'isStopping'
>

interface Protocols {
  readonly frontEnds: readonly FrontEnd<unknown>[]
  refresh(): void
}

/**
 * The registry is asked first: most requests are its, and it says no to all others by their first component. What can
 * be read as an address of GitHub is asked last.
 */
function createProtocols({
  parts,
  client,
  git: mirrors,
  find,
  store,
  config,
  clock,
  log,
}: ProtocolDeps): Protocols {
  const { cache, made: keeper } = parts
  const oci = createOciFrontEnd({ ...parts, find }, ociSettings(config()))
  const go = createGoFrontEnd({ cache, keeper, log }, goSettings(config()))
  const hf = createHfFrontEnd({ cache, keeper }, hfSettings(config()))
  const signer = createSigner(join(store.layout.git, 'key'))
  const git = createGitFrontEnd({ git: mirrors, cache, signer, clock, log }, gitSettings(config()))
  const quotaOf = client.rateLimit
  const github = createGithubFrontEnd({ cache, clock, quotaOf }, githubSettings(config()))
  return {
    frontEnds: [oci, go, hf, git, github],
    refresh: () => {
      oci.update(ociSettings(config()))
      go.update(goSettings(config()))
      hf.update(hfSettings(config()))
      git.update(gitSettings(config()))
      github.update(githubSettings(config()))
    },
  }
}

/** What the registry front end has to know of the configuration. */
export function ociSettings({ upstreams, cache, limits }: Config): OciSettings {
  const { maxManifest, maxBlob } = limits
  return { upstreams, limits: { staleIfError: cache.staleIfError, maxManifest, maxBlob } }
}
