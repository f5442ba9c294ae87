import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  type Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Sha256 } from '../../src/domain/digest.ts'
import { isRegistryPath, lintResponse } from './linter.ts'

export interface FetchOptions {
  /** GET by default. */
  readonly method?: string
  /** An array value sends the header as often. */
  readonly headers?: OutgoingHttpHeaders
  /** A fresh connection per request by default. */
  readonly agent?: Agent
  /** Raw request target, instead of the one in the URL. */
  readonly path?: string
  readonly body?: Buffer | string
  readonly signal?: AbortSignal
  /** PEM of the authority to trust, for https. */
  readonly ca?: string | Buffer
  /** Whether the answer must pass `lintResponse`; by default where the path starts with /v2/. */
  readonly lint?: boolean
}

export interface Fetched {
  /** 0 when no answer came. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  /** The answer ended the way its framing said. */
  readonly complete: boolean
  /** Milliseconds until the first byte of the body, or until the head when there is none. */
  readonly firstByteMs: number
  /** Why there is no answer, or no whole one. */
  readonly error?: Error
}

/**
 * One request, its whole answer in memory. The path goes out as it is written: no dots are resolved,
 * nothing is encoded. What the other side does wrong is in the result, never thrown.
 * @throws AssertionError listing what the answer breaks, for linted paths
 */
export async function fetchAll(url: string, options: FetchOptions = {}): Promise<Fetched> {
  const started = performance.now()
  const target = options.path ?? splitUrl(url).path
  const fetched = await collect(url, options, started)
  if (fetched.status > 0 && (options.lint ?? isRegistryPath(target))) {
    const method = options.method ?? 'GET'
    const broken = lintResponse({ ...fetched, request: { method, path: target } })
    assert.deepEqual(broken, [], `${method} ${target} answered ${fetched.status} and broke rules`)
  }
  return fetched
}

async function collect(url: string, options: FetchOptions, started: number): Promise<Fetched> {
  const nothing = { status: 0, headers: {}, rawHeaders: [], body: Buffer.alloc(0), complete: false }
  let res: IncomingMessage
  try {
    res = await send(url, options)
  } catch (error) {
    return { ...nothing, firstByteMs: Number.NaN, error: asError(error) }
  }
  let firstByteMs = performance.now() - started
  const chunks: Buffer[] = []
  const { complete, error } = await drain(res, (chunk) => {
    if (chunks.length === 0) firstByteMs = performance.now() - started
    chunks.push(chunk)
  })
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
    body: Buffer.concat(chunks),
    complete,
    firstByteMs,
    ...(error === undefined ? {} : { error }),
  }
}

/** A body that the test reads at its own speed. */
export interface OpenedStream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The next `n` bytes, fewer at the end of the body or where it was cut. Nothing more is taken from the socket than buffers hold. */
  read(n: number): Promise<Buffer>
  /** Reads what is left and throws it away. */
  rest(): Promise<StreamEnd>
  /** Leaves, as a client that lost interest. */
  destroy(): void
}

export interface StreamEnd {
  readonly complete: boolean
  /** Of all bytes read, those of `read` too. */
  readonly bytes: number
  readonly digest: Sha256
}

/** Opens a body and reads nothing of it yet. Not linted. @throws the error of the connection when no answer came */
export async function openStream(url: string, options: FetchOptions = {}): Promise<OpenedStream> {
  const res = await send(url, options)
  const hash = createHash('sha256')
  let bytes = 0
  const take = (chunk: Buffer) => {
    hash.update(chunk)
    bytes += chunk.length
  }
  // A cut body shows in what is read; without a listener it would end the test's process.
  res.on('error', () => undefined)
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    async read(n) {
      const chunk = await readExactly(res, n)
      take(chunk)
      return chunk
    },
    async rest() {
      const { complete } = await drain(res, take)
      return { complete, bytes, digest: `sha256:${hash.copy().digest('hex')}` }
    },
    destroy: () => res.destroy(),
  }
}

async function readExactly(res: IncomingMessage, n: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let missing = n; missing > 0; ) {
    // Without an encoding set, a Readable of bytes hands out Buffers.
    const chunk = res.read(Math.min(missing, Math.max(1, res.readableLength))) as Buffer | null
    if (chunk !== null) {
      chunks.push(chunk)
      missing -= chunk.length
    } else if (res.readableEnded || res.destroyed) break
    else await readableOrOver(res)
  }
  return Buffer.concat(chunks)
}

function readableOrOver(res: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const events = ['readable', 'end', 'close']
    const done = () => {
      for (const event of events) res.off(event, done)
      resolve()
    }
    for (const event of events) res.on(event, done)
  })
}

function drain(
  res: IncomingMessage,
  take: (chunk: Buffer) => void,
): Promise<{ complete: boolean; error?: Error }> {
  return new Promise((resolve) => {
    let error: Error | undefined
    res.on('data', take)
    res.on('error', (cause) => {
      error = cause
    })
    const done = () => resolve({ complete: res.complete, ...(error === undefined ? {} : { error }) })
    if (res.closed) done()
    else res.once('close', done)
  })
}

function send(url: string, options: FetchOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = createRequest(url, options)
    req.once('response', resolve)
    req.on('error', reject)
    req.end(options.body)
  })
}

function createRequest(url: string, options: FetchOptions): ClientRequest {
  const { origin, path } = splitUrl(url)
  const { protocol, hostname, port } = new URL(origin)
  return (protocol === 'https:' ? httpsRequest : httpRequest)({
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: options.path ?? path,
    method: options.method ?? 'GET',
    agent: options.agent ?? false,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  })
}

/** By hand: the URL class would resolve dots. */
function splitUrl(url: string): { origin: string; path: string } {
  const slash = url.indexOf('/', url.indexOf('://') + 3)
  return slash === -1 ? { origin: url, path: '/' } : { origin: url.slice(0, slash), path: url.slice(slash) }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
