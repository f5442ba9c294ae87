import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { SECOND } from '../domain/clock.ts'

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
  const server = http.createServer(
    {
      keepAliveTimeout: KEEP_ALIVE,
      headersTimeout: HEADERS_WITHIN,
      requestTimeout: 0,
      connectionsCheckingInterval: 5 * SECOND,
      noDelay: true,
      highWaterMark: 64 * 1024,
    },
    options.handle,
  )
  server.on('clientError', refuse)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port, backlog: 1024 }, resolve)
  })
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  return { address: { host: options.host, port }, close: (grace) => close(server, grace) }
}

/** Bytes that are no HTTP: a short answer in the registry's shape, since registry clients are who sends them. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
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
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

async function close(server: http.Server, grace: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), grace)
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
}
