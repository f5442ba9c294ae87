import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { AppError, type ErrorCode } from '../../src/domain/errors.ts'
import { createOriginClient, type OriginClientOptions } from '../../src/upstream/client.ts'
import type { OriginRequest } from '../../src/upstream/origin.ts'
import type { UpstreamSettings } from '../../src/upstream/settings.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'

export interface Cleanup {
  after(fn: () => Promise<void> | void): void
}

export interface Hit {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface Host {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly hits: Hit[]
  /** Open connections. */
  sockets(): number
  /** Connections ever made. */
  accepted(): number
  stop(): Promise<void>
}

export interface ServeOptions {
  readonly address?: string
  readonly port?: number
  readonly tls?: { readonly key: string; readonly cert: string }
}

export type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void

/** A real HTTP host on loopback; `n` counts its requests from 1. */
export async function serve(t: Cleanup, handler: Handler, options: ServeOptions = {}): Promise<Host> {
  const hits: Hit[] = []
  const listener: RequestListener = (request, response) => {
    hits.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers })
    handler(request, response, hits.length)
  }
  const server =
    options.tls === undefined ? createServer(listener) : createTlsServer({ ...options.tls }, listener)
  server.keepAliveTimeout = 60_000
  return await listen(t, server, hits, options)
}

/** A host that is nothing but a socket; `n` counts connections from 1. */
export async function serveRaw(
  t: Cleanup,
  onSocket: (socket: Socket, n: number) => void,
  options: ServeOptions = {},
): Promise<Host> {
  let n = 0
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined).resume()
    onSocket(socket, ++n)
  })
  return await listen(t, server, [], options)
}

async function listen(
  t: Cleanup,
  server: ReturnType<typeof createTcpServer> | Server,
  hits: Hit[],
  options: ServeOptions,
): Promise<Host> {
  const address = options.address ?? '127.0.0.1'
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(options.port ?? 0, address)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  const host = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  const stop = async () => {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  t.after(stop)
  const scheme = options.tls === undefined ? 'http' : 'https'
  return {
    url: `${scheme}://${host}`,
    host,
    port,
    hits,
    sockets: () => sockets.size,
    accepted: () => accepted,
    stop,
  }
}

export function settings(url: string, more: Partial<UpstreamSettings> = {}): UpstreamSettings {
  return { name: 'hub', url, allowPrivate: true, tokenHosts: [], ...more }
}

/** A client for one upstream named "hub", with a clock and a log to look at, and short limits. */
export function clientFor(
  t: Cleanup,
  url: string,
  more: Partial<UpstreamSettings> = {},
  options: Partial<OriginClientOptions> = {},
) {
  const clock = fakeClock()
  const log = collectorLog()
  const client = createOriginClient({
    upstreams: [settings(url, more)],
    clock,
    log,
    random: () => 0,
    ...options,
    limits: { connectMs: 500, headersMs: 5000, idleMs: 2000, ...options.limits },
  })
  t.after(() => client.close())
  return { client, clock, log }
}

export const MANIFEST: OriginRequest = {
  upstream: 'hub',
  path: '/v2/library/nginx/manifests/latest',
  repository: 'library/nginx',
  accept: 'application/vnd.oci.image.index.v1+json',
}

export const BLOB: OriginRequest = {
  upstream: 'hub',
  path: `/v2/library/nginx/blobs/sha256:${'0'.repeat(64)}`,
  repository: 'library/nginx',
}

export async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** The AppError of that code which `promise` rejects with. */
export async function rejection(promise: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const error = await promise.then(
    () => assert.fail(`resolved instead of ${code}`),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof AppError, `not an AppError: ${String(error)}`)
  assert.equal(error.code, code, `${error.code}: ${JSON.stringify(error.detail)}`)
  return error
}

/** Waits until something that is bound to happen has happened. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A port on loopback where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server has no other address
  server.close()
  await once(server, 'close')
  return port
}
