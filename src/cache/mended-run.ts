import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import { isTrouble } from './trouble.ts'

export interface MendedRunOptions {
  readonly run: Run
  readonly range: ByteRange
  /** Called once, when the disk fails or the file became shorter: another run over what is missing. */
  readonly again: (rest: ByteRange) => Promise<Run>
}

/** A run over a file that goes on from elsewhere where the file cannot be read any more. */
export function createMendedRun({ run, range, again }: MendedRunOptions): Run {
  let current = run
  let isMended = false
  let closed = false
  let position = range.start

  const mend = async (error: unknown): Promise<void> => {
    if (isMended || !isTrouble(error)) throw error
    isMended = true
    current.close()
    current = await again({ start: position, end: range.end })
    if (closed) current.close()
  }

  return {
    pull: async (most) => {
      try {
        const piece = await current.pull(most)
        position += piece?.bytes.length ?? 0
        return piece
      } catch (error) {
        await mend(error)
      }
      const piece = await current.pull(most)
      position += piece?.bytes.length ?? 0
      return piece
    },
    close: () => {
      closed = true
      current.close()
    },
  }
}
