import { createCipheriv, createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchImage } from './upstream.ts'

export interface Blob {
  readonly type: string
  readonly size: number
  /** First bytes; what follows is `SHARED` at the same offset, so that a thousand blobs cost no memory. */
  readonly head: Buffer
  /** Where it is sent from; undefined = from memory. */
  readonly file?: string
}

/** What the fake registry has. Digests are `sha256:…`. */
export interface Content {
  /** By digest or tag. */
  find(reference: string): { readonly digest: string; readonly blob: Blob } | undefined
  newBlob(size: number): string
  /** Sent from a file in pieces of 64 KiB, as an everyday server in Node does it. */
  newFileBlob(size: number): string
  /** With a tag of its own, and an index of two platforms that has one as well. */
  newImage(ask: { layers: number; size: number; tag?: string }): BenchImage
}

/** Bytes of one write. */
export const CHUNK = 1024 * 1024
const CONFIG_SIZE = 1000
const SHARED = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(16 * CHUNK),
)
const MEDIA = 'application/vnd.oci.image'

/** Bytes of a blob from `at` on, at most CHUNK and none at `end` or later. */
export function chunkOf(blob: Blob, at: number, end: number): Buffer {
  if (at < blob.head.length) return blob.head.subarray(at, end)
  const from = at % SHARED.length
  return SHARED.subarray(from, Math.min(from + CHUNK, from + end - at))
}

function* chunksOf(blob: Blob): Generator<Buffer> {
  for (let at = 0; at < blob.size; ) {
    const chunk = chunkOf(blob, at, blob.size)
    yield chunk
    at += chunk.length
  }
}

/** Empty; files of blobs go to `folder`. */
export function createContent(folder: string): Content {
  const blobs = new Map<string, Blob>()
  const tags = new Map<string, string>()
  let serial = 0

  const keep = (blob: Blob): string => {
    const hash = createHash('sha256')
    for (const chunk of chunksOf(blob)) hash.update(chunk)
    const digest = `sha256:${hash.digest('hex')}`
    blobs.set(digest, blob)
    return digest
  }
  const keepJson = (type: string, value: object, least = 0): { digest: string; size: number } => {
    const head = Buffer.from(JSON.stringify(value).padEnd(least))
    return { digest: keep({ type, size: head.length, head }), size: head.length }
  }
  const content: Content = {
    find: (reference) => {
      const digest = tags.get(reference) ?? reference
      const blob = blobs.get(digest)
      return blob === undefined ? undefined : { digest, blob }
    },
    newBlob: (size) => {
      const head = Buffer.from(`${JSON.stringify({ blob: serial++, size })}\n`.padEnd(Math.min(size, 512)))
      return keep({ type: 'application/octet-stream', size, head: head.subarray(0, size) })
    },
    newFileBlob: (size) => {
      const digest = content.newBlob(size)
      const blob = blobs.get(digest)
      if (blob === undefined) throw new Error('just made')
      const file = join(folder, `blob-${serial}`)
      for (const chunk of chunksOf(blob)) writeFileSync(file, chunk, { flag: 'a' })
      blobs.set(digest, { ...blob, file })
      return digest
    },
    newImage: ({ layers: count, size, tag = `image-${serial}` }) => {
      const layers = Array.from({ length: count }, () => content.newBlob(size))
      const rootfs = { type: 'layers', diff_ids: layers }
      const image = { architecture: 'amd64', os: 'linux', serial: serial++, rootfs, config: {} }
      const config = keepJson(`${MEDIA}.config.v1+json`, image, CONFIG_SIZE)
      const type = `${MEDIA}.manifest.v1+json`
      const manifest = keepJson(type, {
        schemaVersion: 2,
        mediaType: type,
        config: { mediaType: `${MEDIA}.config.v1+json`, ...config },
        layers: layers.map((digest) => ({ mediaType: `${MEDIA}.layer.v1.tar`, digest, size })),
      })
      const platforms = ['amd64', 'arm64'].map((architecture) => ({ architecture, os: 'linux' }))
      const index = keepJson(`${MEDIA}.index.v1+json`, {
        schemaVersion: 2,
        mediaType: `${MEDIA}.index.v1+json`,
        manifests: platforms.map((platform) => ({ mediaType: type, ...manifest, platform })),
      })
      tags.set(tag, manifest.digest).set(`${tag}-index`, index.digest)
      const bytes = manifest.size + config.size + count * size
      const digests = { manifest: manifest.digest, config: config.digest, layers }
      return { tag, indexTag: `${tag}-index`, ...digests, bytes }
    },
  }
  return content
}
