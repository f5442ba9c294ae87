import { createCipheriv, createHash } from 'node:crypto'
import type { Digest, DigestAlgorithm } from '../../src/domain/digest.ts'

/** Bytes that can be read from any offset as often as wanted, in memory or computed. */
export interface Content {
  readonly size: number
  /** A view, never empty, of the bytes from `start`; ends at `end` or earlier. Must not be changed. */
  slice(start: number, end: number): Buffer
}

/** Size in bytes and a seed: the same pair is always the same content. */
export interface GeneratedSpec {
  readonly size: number
  readonly seed: number
}

/** How much one view holds at most, so that one write never pins more than this. */
const VIEW = 1 << 20

/**
 * A prime: the pattern never repeats at a power of two, so chunks put in the wrong order change the digest.
 */
const PERIOD = 1_048_573
/** The first bytes are unique to a seed; the rest is the shared pattern from a place the seed chooses. */
const HEAD = 4096

/** `size` bytes that look random and depend on the seed alone. */
export function randomBytesFrom(seed: number, size: number): Buffer {
  const key = createHash('sha256').update(`cachalot fake ${seed}`).digest()
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16, 32))
  return cipher.update(Buffer.alloc(size))
}

/** Content of bytes that are already in memory. */
export function bytesContent(bytes: Buffer): Content {
  return {
    size: bytes.length,
    slice: (start, end) => bytes.subarray(start, Math.min(end, start + VIEW)),
  }
}

let pattern: Buffer | undefined

/** Content of any size that costs 4 KiB of memory, since all of it but its head is one shared pattern. */
export function generatedContent({ size, seed }: GeneratedSpec): Content {
  pattern ??= randomBytesFrom(-1, PERIOD)
  const shared = pattern
  const head = randomBytesFrom(seed, Math.min(size, HEAD))
  const phase = createHash('sha256').update(`phase ${seed}`).digest().readUInt32BE() % PERIOD
  return {
    size,
    slice(start, end) {
      if (start < head.length) return head.subarray(start, Math.min(end, head.length))
      const from = (phase + start) % PERIOD
      return shared.subarray(from, Math.min(PERIOD, from + Math.min(end - start, VIEW)))
    },
  }
}

/** Every view of `start` to `end` (exclusive) in order. */
export function* views(content: Content, start = 0, end = content.size): Generator<Buffer> {
  for (let at = start; at < end; ) {
    const view = content.slice(at, end)
    yield view
    at += view.length
  }
}

/** The bytes from `start` to `end` (exclusive) as one copy; for contents that fit in memory. */
export function contentBytes(content: Content, start = 0, end = content.size): Buffer {
  return Buffer.concat([...views(content, start, end)])
}

/** The digest of the whole content, read view by view. */
export function contentDigest(content: Content, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const hash = createHash(algorithm)
  for (const view of views(content)) hash.update(view)
  return `${algorithm}:${hash.digest('hex')}`
}

const known = new Map<string, Digest>()

/** As `contentDigest` of the generated content, computed once per process for each spec. */
export function generatedDigest(spec: GeneratedSpec, algorithm: DigestAlgorithm = 'sha256'): Digest {
  const key = `${algorithm} ${spec.size} ${spec.seed}`
  const digest = known.get(key) ?? contentDigest(generatedContent(spec), algorithm)
  known.set(key, digest)
  return digest
}
