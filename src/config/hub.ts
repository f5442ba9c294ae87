import type { Config } from './config.ts'
import { namesPrivateHost } from './networks.ts'
import type { Settings } from './schema.ts'

/** As the origin client knows it. No registry is called so. */
const NAME = 'hub:docker.io'
const DOCKER_HUB = 'docker.io'

/**
 * How Docker Hub's web API is asked: over the proxy, with the authorities and the leave to go to private addresses of the
 * upstream docker.io, but as nobody in particular.
 */
export function hubOf(settings: Settings, upstreams: Config['upstreams']): Config['hub'] {
  const { enabled, url } = settings.hub
  const registry = upstreams.find(({ name }) => name === DOCKER_HUB)
  if (!enabled || registry === undefined) return { enabled, upstream: undefined }
  const { proxy, ca } = registry
  const isPrivate = settings.upstream.some((one) => one.name === DOCKER_HUB && one.allow_private)
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
  return { enabled, upstream }
}
