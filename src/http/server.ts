import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { SECOND } from '../domain/clock.ts'
import { type Connections, watchConnections } from './connections.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly handle: http.RequestListener
}

export interface Server {
  readonly address: { readonly host: string; readonly port: number }
  /** Takes no new requests, gives running answers `grace` ms, then cuts what is left. */
  close(grace: number): Promise<void>
}

/** Longer than Go's clients keep idle connections, so that they are never closed under a request. */
const KEEP_ALIVE = 130 * SECOND
const HEADERS_WITHIN = 30 * SECOND

/** Listens. Rejects with the error of `listen` (port in use, address not ours). */
export async function startServer(options: ServerOptions): Promise<Server> {
  const server = http.createServer({
    keepAliveTimeout: KEEP_ALIVE,
    headersTimeout: HEADERS_WITHIN,
    requestTimeout: 0,
    connectionsCheckingInterval: 5 * SECOND,
    noDelay: true,
    highWaterMark: 64 * 1024,
    // Refused by the pipeline instead, in the registry's shape.
    requireHostHeader: false,
  })
  const connections = watchConnections(server, options.handle)
  server.on('clientError', (error, socket) => refuse(error, socket, connections.isAnswering(socket)))
  server.on('checkExpectation', (req, res) => server.emit('request', req, res))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  return { address: { host: options.host, port }, close: (grace) => close(server, connections, grace) }
}

/**
 * Bytes that are no HTTP: a short answer in the registry's shape, since registry clients are who sends them. Into
 * an answer that is on its way nothing may be written; it is cut.
 */
function refuse(error: NodeJS.ErrnoException, socket: Duplex, isAnswering: boolean): void {
  if (!socket.writable || isAnswering || error.code === 'ECONNRESET') {
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

async function close(server: http.Server, connections: Connections, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  connections.endIdle()
  const timer = setTimeout(() => server.closeAllConnections(), grace)
  const sweep = setInterval(() => connections.endIdle(), 100)
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
}
