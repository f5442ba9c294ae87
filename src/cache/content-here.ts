import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import { createBlobRun } from '../store/blob-run.ts'
import type { OpenBlob } from '../store/store.ts'
import { createMendedRun } from './mended-run.ts'
import type { Content, Meta } from './want.ts'

/** Content that is small and in memory. */
export function memoryContent(meta: Meta, bytes: Buffer): Content {
  const read = (range: ByteRange | undefined): Run => {
    let left: Buffer | undefined = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
    return {
      pull: async () => {
        const piece = left
        left = undefined
        return piece === undefined || piece.length === 0
          ? undefined
          : { bytes: piece, release: () => undefined }
      },
      close: () => {
        left = undefined
      },
    }
  }
  return {
    ...meta,
    bytes,
    read: async (range) => ({ run: read(range), outcome: meta.outcome }),
    close: () => undefined,
  }
}

/** Content in a file. `again`: where the bytes come from that the file turns out not to have. */
export function fileContent(meta: Meta, file: OpenBlob, again: (rest: ByteRange) => Promise<Run>): Content {
  let users = 1
  const leave = (): void => {
    if (--users === 0) file.close()
  }
  return {
    ...meta,
    size: file.size,
    read: async (range) => {
      users++
      const whole = range ?? { start: 0, end: file.size - 1 }
      const run = createMendedRun({ run: createBlobRun(file.fd, whole, leave), range: whole, again })
      return { run, outcome: meta.outcome }
    },
    close: once(leave),
  }
}

/** Closing twice is harmless. */
export function once(work: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    work()
  }
}
