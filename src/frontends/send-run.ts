import type { ServerResponse } from 'node:http'
import type { Piece, Run } from '../domain/run.ts'
import { KIB, MIB } from '../domain/units.ts'

/**
 * Pulls pieces of a run and writes them to the socket. For a client that takes them at once, the next piece is
 * read while one is sent; a slow one is waited for. False when the client left. Every piece is released, and the
 * run closed, whatever happens; bytes that reached the kernel are added to `notes`.
 */
export async function sendRun(res: ServerResponse, run: Run, notes: { bytes: number }): Promise<boolean> {
  const before = notes.bytes
  let sending: Sending | undefined
  let isSlow = false
  const gone = (): void => {
    run.close()
    sending?.abandon()
  }
  res.once('close', gone)
  try {
    for (;;) {
      if (isSlow) await sending?.sent
      if (res.destroyed) return false
      const piece = await run.pull(pieceAfter(notes.bytes - before))
      isSlow = sending?.isDone() === false
      const sent = (await sending?.sent) ?? true
      if (piece === undefined) return sent
      if (!sent || res.destroyed) {
        piece.release()
        return false
      }
      sending = writePiece(res, piece, notes)
    }
  } finally {
    res.off('close', gone)
    run.close()
  }
}

/**
 * Large pieces cost least, but a slow client holds one for long. The kernel takes the first megabytes from any
 * client, so only what is taken beyond them shows a fast one.
 */
function pieceAfter(sent: number): number {
  return sent < 8 * MIB ? 128 * KIB : 512 * KIB
}

interface Sending {
  /** Settles once the kernel has the bytes: false when the client left. Never rejects. */
  readonly sent: Promise<boolean>
  /**
   * The connection is closed: Node drops what is written between the end of a socket and the end of its answer
   * without a word. The piece is not used again then, as the kernel may still read it.
   */
  abandon(): void
  isDone(): boolean
}

function writePiece(res: ServerResponse, piece: Piece, notes: { bytes: number }): Sending {
  let done = false
  const sent = Promise.withResolvers<boolean>()
  res.write(piece.bytes, (error) => {
    done = true
    notes.bytes += error ? 0 : piece.bytes.length
    piece.release()
    sent.resolve(!error)
  })
  return { sent: sent.promise, isDone: () => done, abandon: () => sent.resolve(false) }
}
