import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Who is on the other end, behind the proxies we trust. */
export type ClientAddress = (req: IncomingMessage) => string

/**
 * Reads X-Forwarded-For from the right as long as the address that wrote it is trusted; anybody else's headers
 * are ignored. `trusted` holds CIDRs. IPv4 in IPv6 notation comes back as IPv4. A trusted proxy that writes something
 * else than an address, or speaks of somebody in other headers only, gives `unknown`, which is in no network. Where
 * it writes nothing at all it asks for itself: clients on its own machine do.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  if (trusted.length === 0) return (req) => plain(req.socket.remoteAddress ?? '')
  const networks = toBlockList(trusted)
  return (req) => {
    let address = plain(req.socket.remoteAddress ?? '')
    const { 'x-forwarded-for': forwarded } = req.headers
    if (forwarded === undefined && contains(networks, address) && isPassedOn(req)) return UNKNOWN
    const hops = String(forwarded ?? '').split(',')
    while (contains(networks, address)) {
      const before = hopIn(hops.pop() ?? '')
      if (before === '') break
      address = isIP(before) === 0 ? UNKNOWN : before
    }
    return address
  }
}

/** Whether a proxy says by other means than the one we read that it asks for somebody else. */
function isPassedOn({ headers }: IncomingMessage): boolean {
  return OTHER_HEADERS.some((name) => headers[name] !== undefined)
}

const OTHER_HEADERS = ['x-real-ip', 'forwarded', 'via', 'x-forwarded-host', 'x-forwarded-proto'] as const
const UNKNOWN = 'unknown'

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`, as proxies write them. */
function hopIn(text: string): string {
  const hop = text.trim()
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1]
  return plain(bare ?? hop)
}

function plain(address: string): string {
  return /^::ffff:[\d.]+$/i.test(address) ? address.slice(7) : address
}

/** CIDRs as a list that answers "is this address in it". Entries were validated with the configuration. */
export function toBlockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [written = '', length] = cidr.split('/')
    const address = plain(written)
    const most = isIP(address) === 6 ? 128 : 32
    const bits = length === undefined ? most : Number(length)
    list.addSubnet(address, address === written ? bits : mappedBits(bits), most === 128 ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Of `::ffff:10.0.0.0/8` somebody means ten and not every IPv4 address there is, as the notation has it. */
function mappedBits(bits: number): number {
  return bits >= 96 ? bits - 96 : Math.min(bits, 32)
}

export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4')
}
