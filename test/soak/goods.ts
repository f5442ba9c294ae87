import { blobPath, KIB, manifestPath } from '../e2e/support.ts'
import { generatedContent } from '../support/fake-content.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { nextSeed } from '../support/oci-image.ts'

/** Something that clients ask for, and how to know it again. */
export interface Good {
  readonly path: string
  readonly digest: string
  readonly size: number
  /** Bytes from `start` to `end`, exclusive. */
  slice(start: number, end: number): Buffer
}

export const REPO = 'library/app'
/** As the operator of other tests names them. */
const TAGS = 6

/** Blobs of all sizes and some images: several times what the cache may keep. */
export function stock(hub: FakeUpstream, budget: number): readonly Good[] {
  const goods: Good[] = []
  for (let i = 0, left = 4 * budget; left > 0; i++) {
    const size = sizeOf(i)
    left -= size
    goods.push(blobOf(hub, size))
  }
  for (let i = 0; i < TAGS; i++) {
    const { manifest, layers } = hub.addImage(REPO, { tags: [`v${i}`], layers: [30 * KIB, 700 * KIB] })
    const bytes = manifest.bytes
    const slice = (start: number, end: number): Buffer => bytes.subarray(start, end)
    goods.push({ path: manifestPath(`v${i}`), digest: manifest.digest, size: bytes.length, slice })
    for (const { digest, size, content } of layers)
      goods.push({ path: blobPath(digest), digest, size, slice: slicesOf(content) })
  }
  return goods
}

/** From nothing to a few MiB, many small ones among them. */
function sizeOf(i: number): number {
  const sizes = [1, 700, 4096, 65_537, 300 * KIB, 1023 * KIB, 2.5 * 1024 * KIB, 6 * 1024 * KIB + 1]
  return Math.trunc((sizes[i % sizes.length] ?? 1) + i * 13)
}

function blobOf(hub: FakeUpstream, size: number): Good {
  const content = generatedContent({ size, seed: 90_000 + nextSeed() })
  const { digest } = hub.addBlob(REPO, content)
  return { path: blobPath(digest), digest, size, slice: slicesOf(content) }
}

/** In one piece, whatever pieces it comes in. */
function slicesOf(content: { slice(start: number, end: number): Buffer }) {
  return (start: number, end: number): Buffer => {
    const pieces: Buffer[] = []
    for (let at = start; at < end; ) {
      const piece = content.slice(at, end)
      pieces.push(piece)
      at += piece.length
    }
    return Buffer.concat(pieces)
  }
}
