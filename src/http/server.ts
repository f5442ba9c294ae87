import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { SECOND } from '../domain/clock.ts'
import { type Connections, watchConnections } from './connections.ts'
import {
  createHttpServer,
  exchangeCertificate,
  type Speech,
  speechOf,
  type TlsOptions,
  watchHandshakes,
} from './tls.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly handle: http.RequestListener
  /** Without it, plain http is spoken. */
  readonly tls?: TlsOptions | undefined
}

export interface Server {
  readonly address: { readonly host: string; readonly port: number }
  /**
   * Takes another certificate into use, or begins or ends to speak TLS on the same port; answers under way go on.
   * Rejects where that cannot be, and goes on as before.
   */
  setTls(tls: TlsOptions | undefined): Promise<void>
  /** Takes no new requests, gives running answers `grace` ms, then cuts what is left. */
  close(grace: number): Promise<void>
}

/** Longer than Go's clients keep idle connections, so that they are never closed under a request. */
const KEEP_ALIVE = 130 * SECOND
const HEADERS_WITHIN = 30 * SECOND

/** Listens. Rejects with the error of `listen` (port in use, address not ours). */
export async function startServer(options: ServerOptions): Promise<Server> {
  let listener = await listen(options)
  let tls = options.tls
  const address = { host: options.host, port: listener.port }
  const retired = new Set<Listener>()

  /** What a listener speaks cannot change, so another one takes its place; its answers end in peace. */
  const replace = async (next: TlsOptions | undefined): Promise<void> => {
    const old = listener
    retired.add(old)
    void old.close(undefined).then(() => retired.delete(old))
    const again = { ...options, ...address }
    try {
      listener = await listen({ ...again, tls: next })
    } catch (error) {
      listener = await listen({ ...again, tls })
      throw error
    }
  }
  return {
    address,
    setTls: async (next) => {
      if (speechOf(next) !== listener.speech) await replace(next)
      else if (next !== undefined) listener.setTls(next)
      tls = next
    },
    close: async (grace) => {
      await Promise.all([...retired, listener].map((one) => one.close(grace)))
    },
  }
}

interface Listener {
  readonly speech: Speech
  readonly port: number
  setTls(tls: TlsOptions): void
  /** Ends when the last answer is out; after `grace` ms what is left is cut. More than one call is fine. */
  close(grace: number | undefined): Promise<void>
}

async function listen(options: ServerOptions): Promise<Listener> {
  const { handle, tls } = options
  let hsts = tls?.hsts
  const withHsts: http.RequestListener = (req, res) => {
    if (hsts !== undefined) res.setHeader('strict-transport-security', `max-age=${hsts}`)
    handle(req, res)
  }
  const server = createHttpServer(SERVER_OPTIONS, tls)
  const connections =
    tls === undefined
      ? watchConnections(server, handle)
      : withHandshakes(server, watchConnections(server, withHsts, 'secureConnection'))
  server.on('clientError', (error, socket) => refuse(error, socket, connections.isAnswering(socket)))
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  return {
    speech: speechOf(tls),
    port,
    setTls: (next) => {
      exchangeCertificate(server, next)
      hsts = next.hsts
    },
    close: (grace) => close(server, connections, grace),
  }
}

const SERVER_OPTIONS: http.ServerOptions = {
  keepAliveTimeout: KEEP_ALIVE,
  headersTimeout: HEADERS_WITHIN,
  requestTimeout: 0,
  connectionsCheckingInterval: 5 * SECOND,
  noDelay: true,
  highWaterMark: 64 * 1024,
  // Refused by the pipeline instead, in the registry's shape.
  requireHostHeader: false,
}

/** Who has not finished the handshake owes and is owed nothing. */
function withHandshakes(server: http.Server, connections: Connections): Connections {
  const handshakes = watchHandshakes(server)
  const endIdle = (): void => {
    handshakes.end()
    connections.endIdle()
  }
  return { ...connections, endIdle }
}

/**
 * Bytes that are no HTTP: a short answer in the registry's shape, since registry clients are who sends them. Into
 * an answer that is on its way nothing may be written, nor where no TLS came about; those are cut.
 */
function refuse(error: NodeJS.ErrnoException, socket: Duplex, isAnswering: boolean): void {
  const isTls = error.code?.startsWith('ERR_SSL_') === true || error.code?.startsWith('ERR_TLS_') === true
  if (!socket.writable || isAnswering || isTls || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, reason] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout']
        : [400, 'Bad Request']
  const body = JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message: reason, detail: {} }] })
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Docker-Distribution-API-Version: registry/2.0\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

async function close(
  server: http.Server,
  connections: Connections,
  grace: number | undefined,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  connections.endIdle()
  const timer = grace === undefined ? undefined : setTimeout(() => server.closeAllConnections(), grace)
  const sweep = setInterval(() => connections.endIdle(), 100)
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
}
