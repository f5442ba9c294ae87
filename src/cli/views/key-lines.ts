import type { ServerConfig } from '../../config/config.ts'

/** Where clients reach this cache. */
export interface Base {
  /** "cache.example.com", perhaps with port and path. */
  readonly host: string
  readonly isPlain: boolean
}

/** What the configuration says of its own address; a cache that listens everywhere has to be named by its reader. */
export function baseOf({ publicUrl, listen, tls, acme }: ServerConfig): Base {
  if (publicUrl !== undefined)
    return { host: publicUrl.replace(/^https?:\/\//, ''), isPlain: publicUrl.startsWith('http:') }
  const isPlain = tls.cert === undefined && acme.domains.length === 0
  const isAnywhere = listen.host === '0.0.0.0' || listen.host === '::'
  const name = isAnywhere ? (acme.domains[0] ?? 'YOUR-CACHE') : listen.host
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
export function clientLines({ host, isPlain }: Base, key: string): readonly ClientLine[] {
  const url = `${isPlain ? 'http' : 'https'}://${host}`
  const keyed = `${host}/k/${key}`
  return [
    {
      client: 'docker',
      place: 'daemon.json, Engine 25 and later',
      line: `"registry-mirrors": ["${url}/k/${key}"]`,
    },
    { client: 'containerd', place: 'certs.d/docker.io/hosts.toml', line: `[host."${url}/k/${key}"]` },
    { client: 'k3s', place: 'registries.yaml', line: `endpoint: ["${url}/v2/k/${key}"]` },
    { client: 'podman', place: 'registries.conf', line: `location = "${keyed}/docker.io"` },
    { client: 'buildkit', place: 'buildkitd.toml', line: `mirrors = ["${keyed}"]` },
    { client: 'by name', place: 'any client', line: `docker pull ${keyed}/nginx` },
  ]
}
