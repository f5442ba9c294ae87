import fs from 'node:fs'
import { unlink } from 'node:fs/promises'
import { onDisk } from '../domain/blocks.ts'

/** fs with callbacks as promises: on the byte path this costs half of what FileHandle does. */
export function openFile(path: string, flags: number, mode = 0o640): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, mode, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
}

export function statFile(fd: number): Promise<fs.Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(fd, (error, stats) => (error === null ? resolve(stats) : reject(error)))
  })
}

export function readFile(fd: number, buffer: Buffer, length: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, buffer, 0, length, position, (error, bytes) =>
      error === null ? resolve(bytes) : reject(error),
    )
  })
}

export function writeFile(fd: number, buffers: readonly Buffer[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(fd, buffers, position, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  })
}

export function truncateFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.ftruncate(fd, 0, (error) => (error === null ? resolve() : reject(error)))
  })
}

export function syncFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** Closing can fail only by reporting an earlier write error, which nobody waits for any more. */
export function closeFile(fd: number): void {
  fs.close(fd, () => undefined)
}

/** Change time of a file in whole microseconds: differs after every write, rename or restore. */
export function stampOf(stats: fs.Stats): number {
  return Math.round(stats.ctimeMs * 1000)
}

/** Full, read-only or failing disk, or no descriptors left: content is passed through instead of kept. */
export function isStoreTrouble(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  return /^(ENOSPC|EDQUOT|EROFS|EIO|EFBIG|EMFILE|ENFILE|EACCES|EPERM|ENOENT|ENOTDIR|EISDIR)$/.test(code)
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

/** Renames a file where there is one and returns what it takes on disk, in bytes; 0 where there is none. */
export function moveIfThere(from: string, to: string): number {
  const file = fs.lstatSync(from, { throwIfNoEntry: false })
  if (file === undefined || !renameIfThere(from, to)) return 0
  return file.isFile() ? onDisk(file.size) : 0
}

/** False where there was none. */
export function renameIfThere(from: string, to: string): boolean {
  try {
    fs.renameSync(from, to)
    return true
  } catch (error) {
    if (!isMissing(error)) throw error
    return false
  }
}

/** False where there was none. */
export async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (!isMissing(error)) throw error
    return false
  }
}
