/**
 * An internet on this machine: names of the test's own, and public addresses that lead to loopback. So the
 * whole server meets public and private places as it would outside, with its own look-ups and connections.
 */
import dns, { type LookupAddress } from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/** What a name resolves to now; several addresses for one with several records. */
export type Records = readonly string[] | (() => readonly string[])

const PUBLIC = '11.0.0.'
const LOOPBACK = '127.0.0.'
/** Where `metadata` listens, in place of the addresses that clouds have it at. */
export const METADATA_HOST = '127.0.0.9'
const METADATA = new Set(['169.254.169.254', '168.63.129.16', '100.100.100.200'])

const zone = new Map<string, Records>()
const lookups: string[] = []

/** Gives a name its addresses; 11.0.0.N is a public one that leads to 127.0.0.N. */
export function setName(name: string, records: Records): void {
  zone.set(name, records)
}

/** Every name that was looked up, in order. */
export function lookedUp(): readonly string[] {
  return lookups
}

type Callable = (this: unknown, ...args: unknown[]) => unknown
type Lookup = (host: string, options: object, done: (...result: unknown[]) => void) => void
interface Target {
  host?: string
  lookup?: Lookup
}

function addressesOf(name: string): LookupAddress[] | undefined {
  const records = zone.get(name.toLowerCase().replace(/\.$/, ''))
  if (records === undefined) return undefined
  lookups.push(name)
  const list = typeof records === 'function' ? records() : records
  return list.map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 }))
}

function onLoopback(address: string): string {
  if (METADATA.has(address)) return METADATA_HOST
  return address.startsWith(PUBLIC) ? LOOPBACK + address.slice(PUBLIC.length) : address
}

/** A look-up whose answers, judged by then, are led to loopback. */
function leading(lookup: Lookup): Lookup {
  return (name, options, done) => {
    lookup(name, options, (error, found, ...rest) => {
      // One address, or with `all` a list of them.
      const answer = Array.isArray(found) ? (found as LookupAddress[]) : found
      if (Array.isArray(answer)) {
        done(
          error,
          answer.map((one) => ({ ...one, address: onLoopback(one.address) })),
          ...rest,
        )
      } else done(error, typeof answer === 'string' ? onLoopback(answer) : answer, ...rest)
    })
  }
}

// Node's own functions; only their arguments are changed.
const socket = net.Socket.prototype as unknown as { connect: Callable }
const connect = socket.connect
socket.connect = function (this: unknown, ...args: unknown[]) {
  // Node calls itself with the arguments already gathered into one array.
  const [first] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  if (typeof first === 'object' && first !== null) {
    const target: Target = first
    if (target.host !== undefined) target.host = onLoopback(target.host)
    if (target.lookup !== undefined) target.lookup = leading(target.lookup)
  }
  return connect.apply(this, args)
}

const promised = dns.promises as unknown as { lookup: Callable }
const lookup = promised.lookup
promised.lookup = function (this: unknown, ...args: unknown[]) {
  const found = addressesOf(String(args[0]))
  return found === undefined ? lookup.apply(this, args) : Promise.resolve(found)
}
syncBuiltinESMExports()
