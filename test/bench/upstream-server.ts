/**
 * Process: the registry that every subject caches. `node upstream-server.ts PORT FOLDER`. Beside `/v2/`:
 * `/__blob?size=` makes a blob never seen before, sent from memory several times faster than any subject stores it;
 * with `&file=1` sent from a file in 64 KiB pieces, as an everyday server in Node does it.
 * `/__throttle?rate=` limits every answer from memory to bytes per second (0 = off). `/__image`, `/__stats`.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchImage, UpstreamStats } from './upstream.ts'

interface Blob {
  readonly type: string
  readonly size: number
  /** First bytes; what follows is `SHARED` at the same offset, so that a thousand blobs cost no memory. */
  readonly head: Buffer
  /** Where it is sent from; undefined = from memory. */
  readonly file?: string
}

const CHUNK = 1024 * 1024
const SHARED = noise(16 * CHUNK)
const blobs = new Map<string, Blob>()
const stats = { requests: 0, bytes: 0, active: 0 } satisfies UpstreamStats
let rate = 0
let serial = 0

function noise(size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))
}

function* chunksOf(blob: Blob): Generator<Buffer> {
  for (let at = 0; at < blob.size; ) {
    const chunk = chunkOf(blob, at, blob.size)
    yield chunk
    at += chunk.length
  }
}

function keep(blob: Blob): string {
  const hash = createHash('sha256')
  for (const chunk of chunksOf(blob)) hash.update(chunk)
  const digest = `sha256:${hash.digest('hex')}`
  blobs.set(digest, blob)
  return digest
}

function chunkOf(blob: Blob, at: number, end: number): Buffer {
  if (at < blob.head.length) return blob.head.subarray(at, end)
  const from = at % SHARED.length
  return SHARED.subarray(from, Math.min(from + CHUNK, from + end - at))
}

function makeBlob(size: number): string {
  const head = Buffer.from(`${JSON.stringify({ blob: serial++, size })}\n`.padEnd(Math.min(size, 512)))
  return keep({ type: 'application/octet-stream', size, head: head.subarray(0, size) })
}

function makeFileBlob(size: number): string {
  const digest = makeBlob(size)
  const blob = blobs.get(digest)
  if (blob === undefined) throw new Error('just made')
  const file = join(process.argv[3] ?? '.', `blob-${serial}`)
  for (const chunk of chunksOf(blob)) writeFileSync(file, chunk, { flag: 'a' })
  blobs.set(digest, { ...blob, file })
  return digest
}

function makeImage(): BenchImage {
  const config = makeBlob(1000)
  const layer = makeBlob(CHUNK)
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 1000 },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: layer, size: CHUNK }],
    }),
  )
  const type = 'application/vnd.oci.image.manifest.v1+json'
  return { manifest: keep({ type, size: body.length, head: body }), config, layer }
}

const image = makeImage()

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://upstream')
  if (url.pathname.startsWith('/__')) return control(url, response)
  stats.requests++
  stats.active++
  response.once('close', () => stats.active--)
  response.setHeader('Docker-Distribution-API-Version', 'registry/2.0')
  if (url.pathname === '/v2/') return void response.end('{}')
  const wanted = url.pathname.split('/').at(-1) ?? ''
  const digest = wanted === 'latest' ? image.manifest : wanted
  const blob = blobs.get(digest)
  if (blob === undefined) return void response.writeHead(404).end('{"errors":[{"code":"BLOB_UNKNOWN"}]}')
  serve(request, response, { blob, digest }).catch((error: unknown) => response.destroy(error as Error))
})
server.keepAliveTimeout = 300_000
server.listen(Number(process.argv[2]), '127.0.0.1')

function control(url: URL, response: ServerResponse): void {
  const answers: Record<string, () => unknown> = {
    '/__stats': () => stats,
    '/__image': () => image,
    '/__blob': () => {
      const make = url.searchParams.has('file') ? makeFileBlob : makeBlob
      return { digest: make(Number(url.searchParams.get('size'))) }
    },
    '/__throttle': () => ({ rate: (rate = Number(url.searchParams.get('rate'))) }),
  }
  response.end(JSON.stringify(answers[url.pathname]?.()))
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { blob, digest }: { blob: Blob; digest: string },
): Promise<void> {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
  const from = range === null ? 0 : Number(range[1])
  const end = Math.min(blob.size, range?.[2] ? Number(range[2]) + 1 : blob.size)
  if (range !== null) response.setHeader('Content-Range', `bytes ${from}-${end - 1}/${blob.size}`)
  response.writeHead(range === null ? 200 : 206, {
    'Content-Type': blob.type,
    'Content-Length': end - from,
    'Docker-Content-Digest': digest,
    'Accept-Ranges': 'bytes',
    ETag: `"${digest}"`,
  })
  if (request.method === 'HEAD') return void response.end()
  if (blob.file !== undefined) return sendFile(response, blob.file, { from, end })
  await sendBody(response, blob, { from, end })
  response.end()
}

function sendFile(response: ServerResponse, file: string, { from, end }: { from: number; end: number }) {
  const stream = createReadStream(file, { start: from, end: end - 1 })
  stream.on('data', (chunk) => (stats.bytes += chunk.length))
  return pipeline(stream, response)
}

async function sendBody(response: ServerResponse, blob: Blob, { from, end }: { from: number; end: number }) {
  const closed = new Promise<void>((resolve) => response.once('close', resolve))
  const allowance = createAllowance()
  for (let at = from; at < end && !response.destroyed; ) {
    const most = allowance.take()
    if (most === 0) {
      await sleep(4)
      continue
    }
    const chunk = chunkOf(blob, at, end).subarray(0, most)
    const written = new Promise<void>((resolve) => response.write(chunk, () => resolve()))
    await Promise.race([written, closed])
    allowance.spend(chunk.length)
    at += chunk.length
    stats.bytes += chunk.length
  }
}

/** Token bucket of one answer. It holds a quarter of a second at most: a slow reader gets no burst afterwards. */
function createAllowance() {
  let left = 0
  let then = performance.now()
  return {
    take(): number {
      if (rate === 0) return CHUNK
      const time = performance.now()
      left = Math.min(left + (rate * (time - then)) / 1000, rate / 4)
      then = time
      return left < Math.min(16_384, rate / 8) ? 0 : Math.min(CHUNK, Math.floor(left))
    },
    spend(bytes: number): void {
      if (rate > 0) left -= bytes
    },
  }
}
