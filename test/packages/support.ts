import assert from 'node:assert/strict'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { Header } from 'tar'
import type { ImportAsk, ImportReport } from '../../src/api/contract-packages.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { digestOf } from '../../src/domain/digest.ts'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { apiOf, last } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'

export interface Given {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** Whether all came that Content-Length promised. */
  readonly complete: boolean
}

/** Asks the API of this machine for bytes. `first` is called with what came so far, each time more comes. */
export function give(
  cache: Cachalot,
  path: string,
  options: { method?: string; headers?: Record<string, string>; more?: (bytes: number) => void } = {},
): Promise<Given> {
  const { promise, resolve, reject } = Promise.withResolvers<Given>()
  const address = socketAddress(cache.dataDir)
  const { method = 'GET', headers = {} } = options
  const asked = request({ socketPath: address.path, path: `/api/v1${path}`, method, headers, agent: false })
  asked.once('error', reject)
  asked.once('response', (response) => {
    const chunks: Buffer[] = []
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      options.more?.(bytes)
    })
    response.on('error', () => undefined)
    response.once('close', () => {
      const { statusCode: status = 0, complete } = response
      resolve({ status, headers: response.headers, body: Buffer.concat(chunks), complete })
    })
  })
  asked.end()
  return promise
}

export function exportOf(cache: Cachalot, ...names: string[]): Promise<Given> {
  return give(cache, `/export?${names.map((name) => `name=${encodeURIComponent(name)}`).join('&')}`)
}

/** Imports an archive through the client of the commands. Rejects with ApiFailure. */
export function bring(cache: Cachalot, archive: Buffer, ask: ImportAsk = {}): Promise<ImportReport> {
  const body = Readable.from(slices(archive))
  return last(apiOf(cache).upload('/import', ask, { body, size: archive.length }))
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000)
}

/** A cache at a site without a network. */
export async function startSite(
  t: Parameters<typeof startPair>[0],
  options: Parameters<typeof startPair>[1] = {},
): Promise<Cachalot> {
  const { hub, cache } = await startPair(t, options)
  await hub.stop()
  return cache
}

/** Everything of an image is served as the upstream had it. */
export async function assertServed(
  cache: Cachalot,
  image: BuiltImage,
  repo = 'library/app',
  tag = '1',
): Promise<void> {
  const manifest = await cache.fetch(manifestPath(tag, repo))
  assert.equal(manifest.status, 200, manifest.body.toString())
  assert.equal(manifest.headers['docker-content-digest'], image.manifest.digest)
  assert.equal(manifest.headers['content-type'], image.manifest.mediaType)
  assert.deepEqual(manifest.body, image.manifest.bytes)
  for (const { digest, content } of image.layers) {
    const answer = await cache.fetch(blobPath(digest, repo))
    assert.deepEqual([answer.status, digestOf(answer.body)], [200, digest])
    assert.equal(answer.body.length, content.size)
  }
  assert.deepEqual((await cache.fetch(blobPath(image.config.digest, repo))).body, image.config.bytes)
}

/** A file, a link or anything else in a tar archive. */
export interface TarEntry {
  readonly path: string
  readonly bytes?: Buffer | string
  readonly type?: string
  readonly linkpath?: string
  /** Said instead of the real size. */
  readonly size?: number
}

/** An archive as any tool may write it, or nobody should. */
export function tarOf(entries: readonly TarEntry[], end = true): Buffer {
  const parts = entries.flatMap(({ path, bytes = '', type = 'File', linkpath, size }) => {
    const content = Buffer.from(bytes)
    const block = Buffer.alloc(512)
    const facts = { path, size: size ?? content.length, mode: 0o644, type, mtime: new Date(0) }
    // Types are checked by the header itself.
    new Header({ ...facts, ...(linkpath === undefined ? {} : { linkpath }) } as never).encode(block)
    return [block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]
  })
  return Buffer.concat([...parts, Buffer.alloc(end ? 1024 : 0)])
}

/** The files of an archive, by path. */
export function untar(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; at + 512 <= archive.length; ) {
    const header = new Header(archive, at)
    if (header.nullBlock) break
    const size = header.size ?? 0
    if (header.type === 'File') files.set(header.path ?? '', archive.subarray(at + 512, at + 512 + size))
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** A manifest, index or config out of an archive. */
export function jsonIn(files: ReadonlyMap<string, Buffer>, path: string): unknown {
  return JSON.parse((files.get(path) ?? Buffer.alloc(0)).toString())
}
