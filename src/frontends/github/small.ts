import type { Content } from '../../cache/want.ts'
import type { ByteRange } from '../../domain/range.ts'

/** All of some content, or of a range of it; undefined where that is more than `most` bytes. */
export async function readSmall(
  content: Content,
  most: number,
  range?: ByteRange,
): Promise<Buffer | undefined> {
  if (range === undefined && (content.size ?? 0) > most) return undefined
  const { run } = await content.read(range)
  const pieces: Buffer[] = []
  let size = 0
  try {
    for (;;) {
      const piece = await run.pull(Math.max(1, most + 1 - size))
      if (piece === undefined) return Buffer.concat(pieces)
      // Its memory is used again.
      pieces.push(Buffer.from(piece.bytes))
      size += piece.bytes.length
      piece.release()
      if (size > most) return undefined
    }
  } finally {
    run.close()
  }
}
