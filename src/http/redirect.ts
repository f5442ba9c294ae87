import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'

export interface RedirectOptions {
  readonly host: string
  readonly port: number
  /** A folder with one file per ACME challenge, named by its token. */
  readonly challenges: string
  /** The https address that a host of ours is reached by, without a trailing slash. */
  readonly secureBase: (hostname: string) => string
  readonly log: Log
}

export interface Redirect {
  readonly address: { readonly host: string; readonly port: number }
  close(): Promise<void>
}

const CHALLENGE = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,128})$/
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?(?::\d{1,5})?$/i
/** The longest proof of a token that any authority asks for is far below. */
const LARGEST_PROOF = 4096
const MOST_CONNECTIONS = 512

/**
 * The plain listener beside an encrypted server: it proves our names to certificate authorities, says that it is
 * alive, and sends everybody else to https. Every connection gets one answer and ends. Rejects with the error of
 * `listen`.
 */
export async function startRedirect(options: RedirectOptions): Promise<Redirect> {
  const server = http.createServer({
    headersTimeout: 10 * SECOND,
    requestTimeout: 15 * SECOND,
    connectionsCheckingInterval: 2 * SECOND,
    maxHeaderSize: 8192,
    requireHostHeader: false,
  })
  server.maxConnections = MOST_CONNECTIONS
  server.setTimeout(20 * SECOND)
  server.on('request', (req, res) => void answer(req, res, options))
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port }, resolve)
  })
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return { address: { host: options.host, port }, close }
}

async function answer(
  req: http.IncomingMessage,
  res: http.ServerResponse,
  options: RedirectOptions,
): Promise<void> {
  res.setHeader('connection', 'close')
  const url = req.url ?? ''
  const path = url.split('?', 1)[0] ?? ''
  if (req.method !== 'GET' && req.method !== 'HEAD') return refuse(res, 405, 'this server speaks https')
  const token = CHALLENGE.exec(path)?.[1]
  if (token !== undefined) return await prove(res, token, options)
  if (path === '/healthz')
    return send(res, { status: 200, type: 'application/json', body: '{"status":"ok"}' })
  redirect(res, { url, host: req.headers.host ?? '', secureBase: options.secureBase })
}

async function prove(
  res: http.ServerResponse,
  token: string,
  { challenges, log }: RedirectOptions,
): Promise<void> {
  const proof = await readFile(join(challenges, token)).catch(() => undefined)
  log.info(
    { event: 'acme.challenge', found: proof !== undefined },
    'a certificate authority looked for a proof',
  )
  if (proof === undefined || proof.length > LARGEST_PROOF) return refuse(res, 404, 'no such challenge')
  send(res, { status: 200, type: 'text/plain; charset=utf-8', body: proof })
}

function redirect(
  res: http.ServerResponse,
  { url, host, secureBase }: { url: string; host: string; secureBase: (hostname: string) => string },
): void {
  const hostname = HOST.exec(host)?.[1]?.toLowerCase()
  // Another form than a path would let the request choose where it is sent.
  if (hostname === undefined || !url.startsWith('/'))
    return refuse(res, 400, 'this request names no host and path')
  res.setHeader('location', `${secureBase(hostname)}${url}`)
  send(res, { status: 308, type: 'text/plain; charset=utf-8', body: 'this server speaks https\n' })
}

function refuse(res: http.ServerResponse, status: number, message: string): void {
  if (status === 405) res.setHeader('allow', 'GET, HEAD')
  const body = JSON.stringify({ errors: [{ code: 'UNSUPPORTED', message, detail: {} }] })
  send(res, { status, type: 'application/json', body })
}

function send(
  res: http.ServerResponse,
  { status, type, body }: { status: number; type: string; body: string | Buffer },
): void {
  res.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  res.end(body)
}
