import { networkOf } from '../auth/network.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { contains, toBlockList } from './client-address.ts'
import type { ConnectionGate } from './connection-gate.ts'

export interface ConnectionLimitsOptions {
  /** Connections at once, of everybody together. */
  readonly most: number
  /** … and of one network. */
  readonly mostPerNetwork: number
  /** CIDRs of which only all together are limited: proxies, which are many clients, and `limits.allow`. */
  readonly exempt: readonly string[]
  readonly clock: Clock
  readonly log: Log
}

export interface ConnectionLimits {
  readonly gate: ConnectionGate
  /** Takes another list of exempt networks into use, for new connections. */
  update(exempt: readonly string[]): void
  readonly open: number
}

export const MOST_PER_NETWORK = 1024
const MOST_CONNECTIONS = 8192

/**
 * How many connections fit what this process may open, given the text of /proc/self/limits: each may come
 * with an open blob, some with a connection to an upstream.
 */
export function mostConnections(limits: string | undefined): number {
  const files = Number(/^Max open files +(\d+)/m.exec(limits ?? '')?.[1] ?? Infinity)
  return Math.min(MOST_CONNECTIONS, Math.floor(files * 0.4))
}

/** Bounds the open connections. The last eighth is for exempt networks, so that no crowd keeps them out. */
export function createConnectionLimits(options: ConnectionLimitsOptions): ConnectionLimits {
  const { most, mostPerNetwork } = options
  const mostOfOthers = most - Math.floor(most / 8)
  const byNetwork = new Map<string, number>()
  const complain = createComplaint(options)
  let exempt = toBlockList(options.exempt)
  let open = 0

  const change = (network: string, by: 1 | -1): void => {
    open += by
    const count = (byNetwork.get(network) ?? 0) + by
    if (count === 0) byNetwork.delete(network)
    else byNetwork.set(network, count)
  }

  return {
    gate: (peer) => {
      const network = networkOf(peer)
      const isExempt = contains(exempt, peer)
      const isCrowded = !isExempt && (byNetwork.get(network) ?? 0) >= mostPerNetwork
      if (isCrowded || open >= (isExempt ? most : mostOfOthers)) {
        complain({ peer, open, ofPeer: byNetwork.get(network) ?? 0 })
        return undefined
      }
      change(network, 1)
      return () => change(network, -1)
    },
    update: (next) => {
      exempt = toBlockList(next)
    },
    get open() {
      return open
    },
  }
}

/** Once a minute, with the number of those that were cut off since it was said before. */
function createComplaint({ clock, log }: ConnectionLimitsOptions): (facts: object) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  let refused = 0
  return (facts) => {
    refused++
    const now = clock()
    // A clock that was put back makes no silence.
    if (Math.abs(now - saidAt) < MINUTE) return
    log.warn({ event: 'connections', ...facts, refused }, 'too many open connections: new ones are cut off')
    saidAt = now
    refused = 0
  }
}
