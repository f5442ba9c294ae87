import type { LookupAddress } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'

/** All addresses of a name, in the order to try them. Rejects with the resolver's error. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

/** getaddrinfo blocks a thread of libuv's four, which file reads need as well. */
const MAX_THREADS = 2

/**
 * Resolves through the system (hosts file, search domains) while at most two such look-ups are running;
 * the others go straight to DNS, so a hanging resolver never stops the disk. Concurrent questions for one
 * name share an answer.
 */
export function createResolve(): Resolve {
  const running = new Map<string, Promise<readonly LookupAddress[]>>()
  let threads = 0

  async function ask(hostname: string): Promise<readonly LookupAddress[]> {
    if (threads >= MAX_THREADS) return askDns(hostname)
    threads++
    try {
      return await lookup(hostname, { all: true })
    } finally {
      threads--
    }
  }

  return (hostname) => {
    const known = running.get(hostname)
    if (known !== undefined) return known
    const asked = ask(hostname).finally(() => running.delete(hostname))
    running.set(hostname, asked)
    return asked
  }
}

async function askDns(hostname: string): Promise<readonly LookupAddress[]> {
  const resolver = new Resolver({ timeout: 1000, tries: 2 })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
  const addresses = [
    ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
    ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
  ]
  if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason
  return addresses
}
