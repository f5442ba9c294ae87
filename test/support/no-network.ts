/**
 * Loaded with --import before the tests: whatever wants to leave this machine fails there and then,
 * and the process ends with 1 even if the error was swallowed.
 */
import dgram from 'node:dgram'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

type Callable = (this: unknown, ...args: unknown[]) => unknown
type Lookup = (host: string, options: object, done: (...result: unknown[]) => void) => void

const loopback = new net.BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')

function isLoopback(address: string): boolean {
  const family = net.isIP(address)
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4')
}

/** Names that resolve to this machine without asking anybody (RFC 6761 §6.3). */
function isLocalName(host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost')
}

function refuse(what: string): never {
  const error = new Error(`no network in tests: ${what}`)
  process.exitCode = 1
  console.error(error)
  throw error
}

/** Replaces a method by one that is told the original. */
function patch(owner: object, name: string, make: (original: Callable) => Callable): void {
  // The methods patched here are functions of Node's own; only their arguments are looked at.
  const methods = owner as Record<string, Callable>
  const original = methods[name]
  if (original === undefined) throw new Error(`Node has no ${name} any more`)
  methods[name] = make(original)
}

interface ConnectOptions {
  /** A socket in the file system; the http agent says null for none. */
  path?: string | null
  host?: string
  lookup?: Lookup
}

patch(
  net.Socket.prototype,
  'connect',
  (original) =>
    function (this: unknown, ...args: unknown[]) {
      // Node calls itself with the arguments already gathered into one array.
      const list = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
      const options = connectOptions(list)
      if (!options.path) judge(options)
      return original.apply(this, args)
    },
)

/** `connect(options)`, `connect(path)` or `connect(port, host)`. */
function connectOptions(list: unknown[]): ConnectOptions {
  const [first, second] = list
  if (typeof first === 'object' && first !== null) return first
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { path: first }
  return typeof second === 'string' ? { host: second } : {}
}

/** A name with its own resolver is judged by what that answers; every other name is refused. */
function judge(options: ConnectOptions): void {
  const host = options.host ?? 'localhost'
  if (isLoopback(host) || isLocalName(host)) return
  const lookup = options.lookup
  if (net.isIP(host) !== 0 || lookup === undefined || lookup === dns.lookup) refuse(`connect to ${host}`)
  options.lookup = (name, lookupOptions, done) => {
    lookup(name, lookupOptions, (...result) => {
      const failed = result[0] !== null && result[0] !== undefined
      for (const address of failed ? [] : addressesOf(result[1])) {
        if (!isLoopback(address)) refuse(`connect to ${name}, which is ${address}`)
      }
      done(...result)
    })
  }
}

/** One address, or with `all` a list of them. */
function addressesOf(answer: unknown): string[] {
  if (typeof answer === 'string') return [answer]
  return Array.isArray(answer) ? answer.map((one: { address: string }) => one.address) : []
}

for (const owner of [dns, dns.promises]) {
  patch(
    owner,
    'lookup',
    (original) =>
      function (this: unknown, ...args: unknown[]) {
        const host = String(args[0])
        if (net.isIP(host) === 0 && !isLocalName(host)) refuse(`look-up of ${host}`)
        return original.apply(this, args)
      },
  )
}

patch(
  dgram.Socket.prototype,
  'send',
  (original) =>
    function (this: unknown, ...args: unknown[]) {
      const address = args.slice(1).find((arg) => typeof arg === 'string')
      if (address !== undefined && !isLoopback(address) && !isLocalName(address)) {
        refuse(`datagram to ${address}`)
      }
      return original.apply(this, args)
    },
)

for (const Resolver of [dns.Resolver, dns.promises.Resolver]) {
  for (const name of ['resolve', 'resolve4', 'resolve6', 'resolveAny', 'reverse']) {
    patch(
      Resolver.prototype,
      name,
      (original) =>
        function (this: unknown, ...args: unknown[]) {
          // `this` is a resolver of Node's, which may ask a server of the test's own.
          const servers = (this as dns.Resolver).getServers()
          if (!servers.every((server) => isLoopback(server.replace(/:\d+$/, '')))) {
            refuse(`DNS query for ${String(args[0])}`)
          }
          return original.apply(this, args)
        },
    )
  }
}
for (const owner of [dns, dns.promises]) {
  for (const name of ['resolve', 'resolve4', 'resolve6']) {
    patch(
      owner,
      name,
      () =>
        (...args) =>
          refuse(`DNS query for ${String(args[0])}`),
    )
  }
}

syncBuiltinESMExports()
