import type { ByteRange } from '../domain/range.ts'
import type { Piece, Run } from '../domain/run.ts'
import { enterReader, giveBuffer, leaveReader, takeBuffer } from './buffers.ts'
import { readFile } from './file.ts'

/** Reads a piece of at most `length` bytes into a pooled buffer. Throws when the file is shorter than it should be. */
export async function readPiece(fd: number, position: number, length: number): Promise<Piece> {
  const buffer = takeBuffer(length)
  let read: number
  try {
    read = await readFile(fd, buffer, Math.min(length, buffer.length), position)
  } catch (error) {
    giveBuffer(buffer)
    throw error
  }
  if (read === 0) {
    giveBuffer(buffer)
    throw Object.assign(new Error(`file ends at ${position}, ${length} bytes early`), { code: 'EIO' })
  }
  return { bytes: buffer.subarray(0, read), release: () => giveBuffer(buffer) }
}

/** A run over a finished file. The descriptor belongs to whoever passes it in; `done` is called once at close. */
export function createBlobRun(fd: number, range: ByteRange, done: () => void): Run {
  let position = range.start
  const life = createReaderLife(done)
  return {
    pull: (most = Infinity) =>
      life.during(async () => {
        if (life.isClosed() || position > range.end) return undefined
        const piece = await readPiece(fd, position, Math.min(most, range.end + 1 - position))
        position += piece.bytes.length
        return piece
      }),
    close: life.close,
  }
}

/** A reader from its first to its last moment. What it reads from is let go only when no read is under way. */
export function createReaderLife(done: () => void) {
  let closed = false
  let busy = false
  let ended = false
  const end = (): void => {
    if (ended) return
    ended = true
    leaveReader()
    done()
  }
  enterReader()
  return {
    isClosed: () => closed,
    during: async <T>(work: () => Promise<T>): Promise<T> => {
      busy = true
      try {
        return await work()
      } finally {
        busy = false
        if (closed) end()
      }
    },
    close: () => {
      if (closed) return
      closed = true
      if (!busy) end()
    },
  }
}
