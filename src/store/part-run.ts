import type { Hash } from 'node:crypto'
import { algorithmOf, type Digest } from '../domain/digest.ts'
import type { Piece, Run } from '../domain/run.ts'
import { createReaderLife, readPiece } from './blob-run.ts'
import { giveBuffer, mayBorrow, takeBuffer } from './buffers.ts'
import type { Part } from './part.ts'

export interface PartRunOptions {
  readonly part: Part
  readonly start: number
  /** Last byte, inclusive; undefined reads to the end, wherever that is. */
  readonly end: number | undefined
  readonly expected: Digest | undefined
  /** How to go on from `from` when the disk failed; `hash` covers everything before it. */
  readonly onward: (from: number, hash: Hash | undefined) => Run
  /** Called once at close. */
  readonly done: () => void
}

/**
 * A run over a growing part: reads what is there, waits for more only when it caught up. When the disk fails
 * it goes on without it. Throws the part's reason when the download was given up.
 */
export function createPartRun(options: PartRunOptions): Run {
  const { part } = options
  let position = options.start
  let beyond: Run | undefined
  let wake: (() => void) | undefined
  part.retain()
  const life = createReaderLife(() => {
    beyond?.close()
    part.release()
    options.done()
  })

  const take = (piece: Piece): Piece => {
    position += piece.bytes.length
    return piece
  }

  const news = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve
      part.listen(resolve)
    })

  const pull = async (most: number): Promise<Piece | undefined> => {
    while (!life.isClosed() && position <= (options.end ?? Infinity)) {
      if (beyond !== undefined) return await beyond.pull()
      const limit = Math.min(part.readable, (options.end ?? Infinity) + 1)
      if (position < limit) return take(await nextPiece(part, position, Math.min(most, limit - position)))
      if (part.state === 'whole') return undefined
      if (part.state === 'dropped') throw part.reason
      if (part.state === 'broken') {
        const piece = await takenPiece(options, position, most)
        if (piece !== undefined) return take(piece)
        if (position === part.total) return undefined
        beyond = options.onward(position, await hashAt(part, position, options.expected))
        continue
      }
      await news()
    }
    return undefined
  }

  return {
    pull: (most = Infinity) => life.during(() => pull(most)),
    close: () => {
      life.close()
      beyond?.close()
      if (wake === undefined) return
      part.unlisten(wake)
      wake()
    },
  }
}

/**
 * What was just received comes straight from memory: whoever keeps up costs no read. Of very many readers each gets a
 * copy, so that slow ones do not hold what others receive into.
 */
async function nextPiece(part: Part, position: number, most: number): Promise<Piece> {
  if (position < part.size) return await readPiece(part.fd, position, Math.min(most, part.size - position))
  const piece = mayBorrow() ? part.lend(position, most) : copyOf(part.unwritten(position), most)
  if (piece === undefined) throw new Error(`byte ${position} is neither on disk nor in memory`)
  return piece
}

function copyOf(bytes: Buffer | undefined, most: number): Piece | undefined {
  if (bytes === undefined) return undefined
  const buffer = takeBuffer(Math.min(bytes.length, most))
  const length = bytes.copy(buffer, 0, 0, Math.min(bytes.length, most, buffer.length))
  return { bytes: buffer.subarray(0, length), release: () => giveBuffer(buffer) }
}

/**
 * Bytes that a broken part took before it broke, from the file or from memory; the very last one of the content
 * only when all of it proved right. Until the write under way has ended, its memory may still be used again.
 */
async function takenPiece(
  { part, end, expected }: PartRunOptions,
  position: number,
  most: number,
): Promise<Piece | undefined> {
  await part.flushed()
  const stop = Math.min(part.taken, (end ?? Infinity) + 1)
  if (position >= stop) return undefined
  const limit = stop !== part.total || (await isRight(part, expected)) ? stop : stop - 1
  if (position === limit) throw part.reason
  const onDisk = Math.min(limit, part.size) - position
  if (onDisk > 0) return await readPiece(part.fd, position, Math.min(most, onDisk))
  const bytes = part.unwritten(position)?.subarray(0, limit - position)
  return bytes === undefined ? undefined : { bytes, release: () => undefined }
}

async function isRight(part: Part, expected: Digest | undefined): Promise<boolean> {
  if (expected === undefined) return true
  const found = (await part.proof(expected)).digest('hex')
  return `${algorithmOf(expected)}:${found}` === expected
}

async function hashAt(part: Part, position: number, expected: Digest | undefined): Promise<Hash | undefined> {
  return expected === undefined || position !== part.taken ? undefined : await part.proof(expected)
}
