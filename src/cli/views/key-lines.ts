import type { ServerConfig } from '../../config/config.ts'
import type { Address } from '../../setup/address.ts'
import { formsOf } from '../../setup/forms.ts'

/** What stands for the address of a cache that listens everywhere and is called who knows what. */
export const UNNAMED = 'YOUR-CACHE'

/**
 * What the configuration says of its own address; a cache that listens everywhere has to be named by its
 * reader.
 */
export function baseOf({ publicUrl, listen, tls, acme }: ServerConfig): Address {
  if (publicUrl !== undefined)
    return { host: publicUrl.replace(/^https?:\/\//, ''), isPlain: publicUrl.startsWith('http:') }
  const isPlain = tls.cert === undefined && acme.domains.length === 0
  const isAnywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const name = isAnywhere ? (acme.domains[0] ?? UNNAMED) : listen.host
  const bare = name.includes(':') ? `[${name}]` : name
  const isUsual = listen.port === (isPlain ? 80 : 443)
  return { host: isUsual ? bare : `${bare}:${listen.port}`, isPlain }
}

export interface ClientLine {
  readonly client: string
  /** The line to put there, and where that is. */
  readonly line: string
  readonly place: string
}

/** What to write into the configuration of each kind of client. */
export function clientLines(address: Address, key: string): readonly ClientLine[] {
  const { mirror, endpoint, prefix } = formsOf(address, key)
  return [
    {
      client: 'docker',
      place: 'daemon.json, Engine 25 and later',
      line: `"registry-mirrors": ["${mirror}"]`,
    },
    { client: 'containerd', place: 'certs.d/docker.io/hosts.toml', line: `[host."${mirror}"]` },
    { client: 'k3s', place: 'registries.yaml', line: `endpoint: ["${endpoint}"]` },
    { client: 'podman', place: 'registries.conf', line: `location = "${prefix}/docker.io"` },
    { client: 'buildkit', place: 'buildkitd.toml', line: `mirrors = ["${prefix}"]` },
    // dockerd first asks for /v2/ without the path, and gives up where that takes a login.
    {
      client: 'by name',
      place: 'the image name; with Docker only where pulls need no login',
      line: `podman pull ${prefix}/library/nginx`,
    },
  ]
}
