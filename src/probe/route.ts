import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SECOND } from '../domain/clock.ts'
import type { AddressGuard } from '../upstream/address-guard.ts'
import { guardedLookup } from '../upstream/connector.ts'

/** How an upstream is reached, step by step, by the means of Node alone. */
export interface Route {
  readonly url: URL
  readonly proxy: URL | undefined
  /** Certificates in PEM that are trusted besides the system's. */
  readonly ca: string | undefined
  /** Where it may lead; a proxy judges names by itself. */
  readonly guard: AddressGuard
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** At most its first 64 KiB. */
  readonly body: string
}

/** For each step. */
export const PATIENCE = 5 * SECOND
const LONGEST_BODY = 64 * 1024

/** Host and port that the first connection goes to: the proxy's where there is one. */
export function firstHop({ url, proxy }: Route): { host: string; port: number } {
  const hop = proxy ?? url
  return { host: bare(hop.hostname), port: portOf(hop) }
}

/** A connection to the host, through the proxy's tunnel where the route has one. Rejects after 5 s. */
export async function openTcp(route: Route): Promise<Socket> {
  if (route.proxy === undefined) route.guard.checkUrl(route.url)
  const guarded = route.proxy === undefined ? { lookup: guardedLookup({ resolve, guard: route.guard }) } : {}
  const socket = connect({ ...firstHop(route), ...guarded })
  await settled(socket, 'connect')
  if (route.proxy !== undefined && route.url.protocol === 'https:')
    await tunnel(socket, route.url, route.proxy)
  return socket
}

function resolve(host: string) {
  return lookup(host, { all: true })
}

/** Encrypts a connection; the certificate must be good for the host. */
export async function openTls(socket: Socket, { url, ca }: Route): Promise<Socket> {
  const host = bare(url.hostname)
  const secure = connectTls({
    socket,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(ca === undefined ? {} : { ca }),
    // Node would else obey NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: true,
  })
  await settled(secure, 'secureConnect')
  return secure
}

/** Both of them, as the URL asks for. */
export async function openRoute(route: Route): Promise<Socket> {
  const socket = await openTcp(route)
  return route.url.protocol === 'https:' ? openTls(socket, route) : socket
}

/** One GET over a connection that is open; it is closed afterwards. */
export async function getOver(
  socket: Socket,
  { url, proxy }: Route,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const throughProxy = proxy !== undefined && url.protocol === 'http:'
  const asked = request({
    createConnection: () => socket,
    path: throughProxy ? url.href : `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      'user-agent': 'cachalot-doctor',
      connection: 'close',
      ...(throughProxy ? proxyLogin(proxy) : {}),
      ...headers,
    },
    signal: AbortSignal.timeout(PATIENCE),
  })
  asked.end()
  try {
    // once() gives the arguments of the event.
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: response.statusCode ?? 0, headers: response.headers, body: await bodyOf(response) }
  } finally {
    asked.on('error', () => undefined)
    socket.destroy()
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = ''
  response.setEncoding('utf8')
  for await (const chunk of response as AsyncIterable<string>) {
    body += chunk
    if (body.length >= LONGEST_BODY) break
  }
  return body.slice(0, LONGEST_BODY)
}

async function tunnel(socket: Socket, url: URL, proxy: URL): Promise<void> {
  const asked = request({
    createConnection: () => socket,
    method: 'CONNECT',
    path: `${url.hostname}:${portOf(url)}`,
    headers: { host: `${url.hostname}:${portOf(url)}`, ...proxyLogin(proxy) },
    signal: AbortSignal.timeout(PATIENCE),
  })
  asked.end()
  const [response] = (await once(asked, 'connect')) as [IncomingMessage]
  if (response.statusCode === 200) return
  socket.destroy()
  throw new Error(`the proxy answered ${response.statusCode} to CONNECT`)
}

function proxyLogin({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }
}

/** Waits for an event of a socket; one that fails or takes too long is closed. */
async function settled(socket: Socket, event: string): Promise<void> {
  try {
    await once(socket, event, { signal: AbortSignal.timeout(PATIENCE) })
    // Later errors reach whoever uses it; an unheard one would end the process.
    socket.on('error', () => undefined)
  } catch (error) {
    socket.on('error', () => undefined)
    socket.destroy()
    throw error
  }
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
