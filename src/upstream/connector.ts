import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { callbackify } from 'node:util'
import type { buildConnector } from 'undici'
import { createReceiver, type Receiver } from '../domain/slabs.ts'
import type { AddressGuard } from './address-guard.ts'
import type { Resolve } from './resolve.ts'
import type { ClientLimits } from './settings.ts'

/** No connection in time. */
export class ConnectTimeoutError extends Error {
  readonly code = 'CONNECT_TIMEOUT'

  constructor(what: string, ms: number) {
    super(`no ${what} within ${ms} ms`)
  }
}

export interface ConnectorOptions {
  readonly limits: ClientLimits
  readonly guard: AddressGuard
  readonly resolve: Resolve
  /** Undefined trusts the usual roots. */
  readonly secureContext: SecureContext | undefined
}

export interface Connector {
  readonly connect: buildConnector.connector
  /** True while a request that starts now starts on a connection that was just made. */
  readonly isFresh: () => boolean
}

/**
 * Opens connections for the pools: name look-up and TCP in `connectMs`, TLS in `tlsMs`, HTTP/1.1 only
 * (large bodies flow faster than through HTTP/2 windows), and addresses are checked where they are used, so
 * a name cannot change between check and connection.
 */
export function createConnector(options: ConnectorOptions): Connector {
  const sessions = new Map<string, Buffer>()
  let fresh = false

  function connect(target: buildConnector.Options, callback: buildConnector.Callback): void {
    const objection = objectionTo(target.hostname, options.guard)
    if (objection !== undefined) {
      callback(objection, null)
      return
    }
    const secure = target.protocol === 'https:'
    const receiver = createReceiver()
    const into = receiveInto(receiver, () => socket)
    const socket: Socket = secure
      ? openTls(target, { ...options, ...into }, sessions)
      : connectTcp({ ...tcpOptions(target, options, 80), ...into })
    socket.setNoDelay(true).setKeepAlive(true, options.limits.keepAliveMs)
    watch(socket, { secure, limits: options.limits }, (error) => {
      if (error !== undefined) {
        callback(error, null)
        return
      }
      fresh = true
      try {
        callback(null, socket)
      } finally {
        fresh = false
      }
    })
  }

  return { connect, isFresh: () => fresh }
}

/** An IP literal is never looked up, so it is judged here once more, whoever let it through. */
function objectionTo(hostname: string, guard: AddressGuard): Error | undefined {
  if (isIP(hostname) === 0) return undefined
  try {
    guard.checkAddresses(hostname, [{ address: hostname }])
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error('refused', { cause: error })
  }
}

/** Received bytes go into memory that is used again, instead of new memory for each read. */
function receiveInto(receiver: Receiver, socket: () => Socket) {
  return {
    onread: {
      buffer: () => receiver.room(),
      callback: (length: number) => socket().push(receiver.received(length)),
    },
  }
}

function tcpOptions(target: buildConnector.Options, options: ConnectorOptions, defaultPort: number) {
  return {
    host: target.hostname,
    port: target.port === '' ? defaultPort : Number(target.port),
    lookup: guardedLookup(options),
    autoSelectFamily: true,
  }
}

function openTls(
  target: buildConnector.Options,
  options: ConnectorOptions & ReturnType<typeof receiveInto>,
  sessions: Map<string, Buffer>,
) {
  const tcp = tcpOptions(target, options, 443)
  const session = `${tcp.host}:${tcp.port}`
  // The types leave out `onread`, which tls.connect takes like net.connect.
  const settings = {
    ...tcp,
    onread: options.onread,
    servername: isIP(target.hostname) === 0 ? target.hostname : '',
    ALPNProtocols: ['http/1.1'],
    session: sessions.get(session),
    // Said, so that no variable of the environment turns it off for every upstream at once.
    rejectUnauthorized: true,
    ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
  }
  return connectTls(settings).on('session', (data: Buffer) => {
    // Redirects to ever new hosts must not collect sessions for ever.
    if (sessions.size > 256) sessions.clear()
    sessions.set(session, data)
  })
}

/** A look-up that refuses a name unless all its addresses may be connected to. */
export function guardedLookup({
  resolve,
  guard,
}: Pick<ConnectorOptions, 'resolve' | 'guard'>): LookupFunction {
  const addressesOf = callbackify(async (hostname: string) => {
    const addresses = await resolve(hostname)
    if (addresses.length === 0) throw Object.assign(new Error('no address'), { code: 'ENODATA' })
    guard.checkAddresses(hostname, addresses)
    return addresses
  })
  return (hostname, options, callback) => {
    addressesOf(hostname, (error, addresses) => {
      const first = addresses?.[0]
      if (error !== null || first === undefined) callback(error, '')
      else if (options.all === true) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    })
  }
}

type Watched = { readonly secure: boolean; readonly limits: ClientLimits }

function watch(socket: Socket, { secure, limits }: Watched, done: (error?: Error) => void): void {
  let timer = arm('connection', limits.connectMs)

  function arm(what: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => socket.destroy(new ConnectTimeoutError(what, ms)), ms)
  }

  function finish(error?: Error): void {
    clearTimeout(timer)
    socket.off('error', finish).off('close', closed)
    // Between our listeners and those of the pool an error must not be without any.
    socket.on('error', () => undefined)
    done(error)
  }

  function closed(): void {
    finish(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }))
  }

  socket.on('error', finish).on('close', closed)
  socket.once('connect', () => {
    if (!secure) return finish()
    clearTimeout(timer)
    timer = arm('TLS handshake', limits.tlsMs)
  })
  if (secure) socket.once('secureConnect', () => finish())
}
