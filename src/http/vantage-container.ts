import { isIPv4 } from 'node:net'
import type { AnonymousPull } from './admission.ts'
import { contains, toBlockList } from './client-address.ts'

export interface ContainerFacts {
  /** The text of a file of this machine; undefined where it cannot be read. */
  readonly readText: (file: string) => string | undefined
  readonly anonymousPull: AnonymousPull
  readonly trustedProxies: readonly string[]
  /** Where the server listens. */
  readonly host: string
}

/**
 * What to warn of at start when this is a container on a bridge: connections through a published port can all
 * come from the bridge's own address, so that whoever reaches the port counts as a neighbour. Undefined where
 * that gains nobody anything, or where the host's network is used.
 */
export function publishedPortWarning(facts: ContainerFacts): string | undefined {
  const { readText, anonymousPull, trustedProxies, host } = facts
  if (anonymousPull === 'all' || anonymousPull === 'none' || isLoopback(host)) return undefined
  if (!isContainer(readText) || seesBridges(readText('/proc/net/dev'))) return undefined
  const gateway = gatewayIn(readText('/proc/net/route'))
  if (gateway === undefined || !contains(toBlockList(anonymousPull), gateway)) return undefined
  if (contains(toBlockList(trustedProxies), gateway)) return undefined
  return (
    `this is a container: clients of a published port may all seem to come from the bridge (${gateway}), ` +
    'which may pull without a login. If strangers can reach the port, set auth.anonymous_pull to "none" ' +
    'or to the networks of your clients, or let real addresses through: use the network of the host, Docker ' +
    'with "userland-proxy": false, or a reverse proxy that is listed in server.trusted_proxies'
  )
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function isContainer(readText: ContainerFacts['readText']): boolean {
  if (['/.dockerenv', '/run/.containerenv'].some((file) => readText(file) !== undefined)) return true
  return /docker|kubepods|containerd|libpod|crio/.test(readText('/proc/1/cgroup') ?? '')
}

/** Bridges and their ends are seen by the host alone, and by containers that use its network. */
function seesBridges(devices: string | undefined): boolean {
  return /^ *(?:docker|podman|cni|br-|veth)[^ :]*:/m.test(devices ?? '')
}

/** The default gateway in the text of /proc/net/route, where addresses are hexadecimal, last octet first. */
function gatewayIn(routes: string | undefined): string | undefined {
  const hex = /^\S+\s+00000000\s+([0-9A-F]{8})\s/m.exec(routes ?? '')?.[1]
  if (hex === undefined || hex === '00000000') return undefined
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.')
}
