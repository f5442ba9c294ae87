import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Who is on the other end, behind the proxies we trust. */
export type ClientAddress = (req: IncomingMessage) => string

/**
 * Reads X-Forwarded-For from the right as long as the address that wrote it is trusted; anybody else's headers
 * are ignored. `trusted` holds CIDRs. IPv4 in IPv6 notation comes back as IPv4.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (req) => plain(req.socket.remoteAddress ?? '')
  const networks = toBlockList(trusted)
  return (req) => {
    let address = plain(req.socket.remoteAddress ?? '')
    const hops = String(req.headers['x-forwarded-for'] ?? '').split(',')
    while (contains(networks, address)) {
      const before = plain(hops.pop()?.trim() ?? '')
      if (isIP(before) === 0) break
      address = before
    }
    return address
  }
}

function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** CIDRs as a list that answers "is this address in it". Entries were validated with the configuration. */
export function toBlockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', bits] = cidr.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family)
  }
  return list
}

export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
