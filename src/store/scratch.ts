import fs from 'node:fs'
import { unlink } from 'node:fs/promises'
import { closeFile, openFile, readFile, writeFile } from './file.ts'
import type { Layout } from './layout.ts'
import { uniqueName } from './unique.ts'

/** A file without a name: whatever becomes of this process, nothing of it stays. */
export interface Scratch {
  /** Rejects when the disk fails. */
  append(bytes: Buffer): Promise<void>
  /** Fills the buffer from `position` on and returns how many bytes there were. */
  read(buffer: Buffer, position: number): Promise<number>
  /** Once what is under way has ended; whoever comes later is rejected. */
  close(): void
}

const { O_RDWR, O_CREAT, O_EXCL } = fs.constants

/** Throws when the disk fails. */
export async function openScratch(layout: Layout): Promise<Scratch> {
  const path = layout.part(`scratch.${uniqueName()}`)
  const fd = await openFile(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
  try {
    await unlink(path)
  } catch (error) {
    closeFile(fd)
    throw error
  }
  return scratchIn(fd)
}

function scratchIn(fd: number): Scratch {
  let size = 0
  let isClosed = false
  let last: Promise<unknown> = Promise.resolve()

  /** One after the other, so that nothing reaches a descriptor that is somebody else's by then. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(() => {
      if (isClosed) throw new Error('this file was closed')
      return work()
    })
    last = done.catch(() => undefined)
    return done
  }

  const append = async (bytes: Buffer): Promise<void> => {
    for (let rest = bytes; rest.length > 0; ) {
      const written = await writeFile(fd, [rest], size)
      if (written === 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
      size += written
      rest = rest.subarray(written)
    }
  }

  return {
    append: (bytes) => inTurn(() => append(bytes)),
    read: (buffer, position) => inTurn(() => readFile(fd, buffer, buffer.length, position)),
    close: () => {
      if (isClosed) return
      isClosed = true
      void last.then(() => closeFile(fd))
    },
  }
}
