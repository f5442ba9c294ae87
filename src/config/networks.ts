import { BlockList, isIP } from 'node:net'
import type { AnonymousPull, Cidr } from './config.ts'
import { isRefusal, type Refusal, refuse } from './parsers.ts'

/** What the word "private" stands for: loopback, RFC 1918, unique local (RFC 4193) and link-local addresses. */
export const PRIVATE_NETWORKS: readonly Cidr[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]

/** Not public either, though nobody would call clients from there private. */
const SPECIAL_NETWORKS: readonly Cidr[] = ['0.0.0.0/8', '100.64.0.0/10', '::/128']

/** A network, one address (which becomes a network of one), or "private" (which becomes several). */
export function parseNetworks(text: string): readonly Cidr[] | Refusal {
  const word = text.trim()
  if (word === 'private') return PRIVATE_NETWORKS
  const [address = '', prefix, more] = word.split('/')
  const bits = isIP(address) === 4 ? 32 : 128
  const length = prefix ?? String(bits)
  const good = isIP(address) !== 0 && !address.includes('%') && more === undefined && /^\d{1,3}$/.test(length)
  if (!good || Number(length) > bits)
    return refuse('must be a network such as "10.0.0.0/8", or the word "private"')
  return [`${address}/${Number(length)}`]
}

/** One of the three words, or networks. */
export function parseAnonymousPull(value: string | readonly string[]): AnonymousPull | Refusal {
  if (value === 'private' || value === 'all' || value === 'none') return value
  const networks: Cidr[] = []
  for (const item of typeof value === 'string' ? [value] : value) {
    const parsed = parseNetworks(item)
    if (isRefusal(parsed)) return refuse('must be "private", "all", "none" or a list such as ["10.0.0.0/8"]')
    networks.push(...parsed)
  }
  return networks
}

const notPublic = blockListOf([...PRIVATE_NETWORKS, ...SPECIAL_NETWORKS])

function blockListOf(networks: readonly Cidr[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length] = network.split('/')
    list.addSubnet(address, Number(length), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/** Whether the host of this valid URL is localhost or an address literal that is not public. Nothing is resolved. */
export function namesPrivateHost(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  const family = isIP(host)
  return family !== 0 && notPublic.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
