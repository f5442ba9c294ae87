import type { Db } from '../open.ts'

/** A stretch of all digests, from `from` up to but without `to`. */
export interface DigestWindow {
  readonly from: Buffer
  readonly to: Buffer
}

const BLOBS_PER_WINDOW = 4000
const MOST_WINDOWS = 1024
/** Longer than a digest, so that it sorts behind the last one. */
const END = Buffer.alloc(65, 0xff)

/** Stretches with some thousand blobs each: work on one of them takes milliseconds, however large the index is. */
export function digestWindows(db: Db): readonly DigestWindow[] {
  const blobs = db.prepare<[], number>('SELECT count(*) FROM main.blobs').pluck().get() ?? 0
  const count = Math.min(MOST_WINDOWS, Math.max(1, Math.ceil(blobs / BLOBS_PER_WINDOW)))
  const bounds = Array.from({ length: count }, (_, i) => boundAt(i / count))
  return bounds.map((from, i) => ({ from, to: bounds[i + 1] ?? END }))
}

/** The digest that stands at this share of all digests, as far as it matters here. */
function boundAt(share: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Math.floor(share * 2 ** 32))
  return share === 0 ? Buffer.alloc(0) : bytes
}
