import type { Sha256 } from '../../domain/digest.ts'
import { toSha256 } from '../digests.ts'

/** Many blobs in three flat arrays, so that handing them from thread to thread costs next to nothing. */
export interface BlobList {
  /** 32 bytes each. */
  readonly digests: Uint8Array
  readonly sizes: Float64Array
  readonly usedAts: Float64Array
}

export interface ListedBlob {
  readonly digest: Sha256
  readonly size: number
  readonly usedAt: number
}

const BYTES = 32

export function toBlobList(rows: readonly { digest: Buffer; size: number; used_at: number }[]): BlobList {
  const digests = new Uint8Array(rows.length * BYTES)
  const sizes = new Float64Array(rows.length)
  const usedAts = new Float64Array(rows.length)
  for (const [at, row] of rows.entries()) {
    digests.set(row.digest, at * BYTES)
    sizes[at] = row.size
    usedAts[at] = row.used_at
  }
  return { digests, sizes, usedAts }
}

/** Blobs `from` up to `to` of a list. */
export function sliceBlobs(list: BlobList, from: number, to: number): readonly ListedBlob[] {
  const blobs: ListedBlob[] = []
  for (let at = from; at < Math.min(to, list.sizes.length); at++) {
    const digest = toSha256(Buffer.from(list.digests.subarray(at * BYTES, (at + 1) * BYTES)))
    blobs.push({ digest, size: list.sizes[at] ?? 0, usedAt: list.usedAts[at] ?? 0 })
  }
  return blobs
}
