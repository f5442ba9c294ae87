import { DOCKER_HUB } from '../domain/names.ts'
import type { Config, UpstreamConfig } from './config.ts'
import { namesPrivateHost } from './networks.ts'
import type { Settings } from './schema.ts'

/** As the origin client knows it. No registry is called so. */
const NAME = 'hub:docker.io'
/** Its web API, where an upstream leads to its registry itself. */
const USUAL = 'https://hub.docker.com'
const REGISTRIES: ReadonlySet<string> = new Set(['registry-1.docker.io', 'index.docker.io', DOCKER_HUB])

/**
 * How Docker Hub's web API is asked: over the proxy, with the authorities and the leave to go to private addresses of the
 * upstream docker.io, but as nobody in particular. Where that upstream is a mirror nobody but who wrote `hub.url` wants
 * it asked: what is searched for would leave the house.
 */
export function hubOf(settings: Settings, upstreams: Config['upstreams']): Config['hub'] {
  const { enabled, url: written } = settings.hub
  const registry =
    upstreams.find(({ name }) => name === DOCKER_HUB) ??
    upstreams.find(({ aliases }) => aliases.includes(DOCKER_HUB))
  const name = registry?.name
  const url = written ?? usualOf(registry)
  if (!enabled || registry === undefined || url === undefined)
    return { enabled, registry: name, upstream: undefined }
  const { proxy, ca } = registry
  const isPrivate = settings.upstream.some((one) => one.name === name && one.allow_private)
  const upstream = {
    name: NAME,
    kind: 'files' as const,
    url,
    username: undefined,
    password: undefined,
    token: undefined,
    redirectHosts: [],
    proxy,
    ca,
    // That a mirror of the registry has a private address says nothing of this one.
    allowPrivate: isPrivate || namesPrivateHost(url),
    tokenHosts: [],
  }
  return { enabled, registry: name, upstream }
}

function usualOf(registry: UpstreamConfig | undefined): string | undefined {
  return registry !== undefined && REGISTRIES.has(new URL(registry.url).host) ? USUAL : undefined
}
