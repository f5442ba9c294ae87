import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { mkdir, readdir, stat, statfs, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Digest, Sha256 } from '../domain/digest.ts'
import { closeFile, openFile, stampOf, statFile } from './file.ts'
import { type Layout, layoutOf } from './layout.ts'
import { Part } from './part.ts'

export interface OpenBlob {
  readonly fd: number
  readonly size: number
  /** Change time of the file, see `stampOf`. */
  readonly stamp: number
  close(): void
}

export interface Store {
  readonly layout: Layout
  /** The file of a blob, or undefined when there is none. Throws when the disk fails. */
  open(digest: Sha256): Promise<OpenBlob | undefined>
  /**
   * A part to write into. The owner of the folder continues the file that an earlier download of the same id
   * left; anybody else starts a file of its own. Throws when the disk fails.
   */
  begin(id: string, expected: Digest | undefined): Promise<Part>
  /** Moves a whole part to its final name and returns the stamp. Synchronous: belongs inside the transaction that adds the row. */
  place(part: Part, digest: Sha256): number
  /** Whether a blob has a file; one look, nothing is opened. */
  hasFile(digest: Sha256): boolean
  /** Turns a blob file that has no row back into the part `id`. Synchronous, inside a transaction that saw no row. */
  reclaim(digest: Sha256, id: string): void
  /** Moves a blob into the trash. Synchronous: belongs inside the transaction that removes the row. */
  retire(digest: Sha256): void
  discard(part: Part): Promise<void>
  emptyTrash(): Promise<void>
  /** Bytes of all parts on disk. */
  partBytes(): Promise<number>
  /** Bytes the volume still has for us. */
  freeBytes(): Promise<number>
  /** Throws when nothing can be written. */
  probe(): Promise<void>
}

/** Opens the folder, creating what is missing. Throws with the path when it cannot be written. */
export function createStore(root: string, isOwner: () => boolean): Store {
  const layout = layoutOf(root)
  for (const folder of [layout.blobs, layout.parts, layout.trash])
    fs.mkdirSync(folder, { recursive: true, mode: 0o750 })
  return {
    layout,
    open: (digest) => openBlob(layout.blob(digest)),
    begin: (id, expected) => beginPart(layout, isOwner() ? id : `${id}.${unique()}`, expected),
    place: (part, digest) => placePart(part, layout.blob(digest)),
    hasFile: (digest) => fs.existsSync(layout.blob(digest)),
    reclaim: (digest, id) => {
      if (isOwner()) moveIfThere(layout.blob(digest), layout.part(id))
    },
    retire: (digest) => moveIfThere(layout.blob(digest), layout.trashed(digest, unique())),
    discard: (part) => unlinkIfThere(part.path),
    emptyTrash: async () => {
      for (const name of await readdir(layout.trash)) await unlinkIfThere(`${layout.trash}/${name}`)
    },
    partBytes: () => partBytes(layout),
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },
    probe: async () => {
      const path = layout.part(`probe.${unique()}`)
      closeFile(await openFile(path, fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY))
      await unlink(path)
    },
  }
}

const unique = () => randomBytes(6).toString('hex')

async function openBlob(path: string): Promise<OpenBlob | undefined> {
  let fd: number
  try {
    fd = await openFile(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const stats = await statFile(fd)
    if (stats.isFile()) return { fd, size: stats.size, stamp: stampOf(stats), close: () => closeFile(fd) }
  } catch (error) {
    closeFile(fd)
    throw error
  }
  closeFile(fd)
  return undefined
}

async function beginPart(layout: Layout, id: string, expected: Digest | undefined): Promise<Part> {
  const path = layout.part(id)
  const fd = await openFile(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW)
  const part = new Part({ id, path, fd, expected })
  try {
    const { size } = await statFile(fd)
    if (size > 0) part.adopt(size)
    return part
  } catch (error) {
    part.release()
    throw error
  }
}

function placePart(part: Part, path: string): number {
  try {
    fs.renameSync(part.path, path)
  } catch (error) {
    if (!isMissing(error)) throw error
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    fs.renameSync(part.path, path)
  }
  return stampOf(fs.statSync(path))
}

function moveIfThere(from: string, to: string): void {
  try {
    fs.renameSync(from, to)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function partBytes(layout: Layout): Promise<number> {
  await mkdir(layout.parts, { recursive: true })
  let bytes = 0
  for (const name of await readdir(layout.parts)) {
    const stats = await stat(layout.part(name)).catch(() => undefined)
    bytes += stats?.size ?? 0
  }
  return bytes
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
