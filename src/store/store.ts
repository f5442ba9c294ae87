import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { mkdir, readdir, rm, stat, statfs, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest, Sha256 } from '../domain/digest.ts'
import { closeFile, openFile, stampOf, statFile } from './file.ts'
import { type Layout, layoutOf, onDisk } from './layout.ts'
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
  /**
   * Turns a blob file that has no row back into the part `id` and returns by how much the parts grew on disk.
   * Synchronous, inside a transaction that saw no row.
   */
  reclaim(digest: Sha256, id: string): number
  /** Moves a blob into the trash. Synchronous: belongs inside the transaction that removes the row. */
  retire(digest: Sha256): void
  discard(part: Part): Promise<void>
  /** Nobody writes into it any more; its file stays for the next download of the same id. */
  park(part: Part): void
  /** Removes parts that nobody writes, oldest first, until `bytes` are free; returns how many it freed. */
  dropParked(bytes: number): Promise<number>
  emptyTrash(): Promise<void>
  /** Removes the parts of an earlier run that nobody can continue. Call before the first part is begun. */
  sweepParts(): Promise<void>
  /** What all parts take on disk, in bytes. */
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
    hasFile: (digest) => fs.existsSync(layout.blob(digest)),
    reclaim: (digest, id) => (isOwner() ? reclaimFile(layout, digest, id) : 0),
    retire: (digest) => moveIfThere(layout.blob(digest), layout.trashed(digest, unique())),
    ...createParts(layout, isOwner),
    emptyTrash: async () => {
      // A folder may have stood where a blob should: whatever is here goes.
      for (const name of await readdir(layout.trash))
        await rm(join(layout.trash, name), { recursive: true, force: true })
    },
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

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
/** Neither a link nor a pipe that somebody put in a blob's place may lead elsewhere or block. */
const READ_BLOB = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

function createParts(layout: Layout, isOwner: () => boolean) {
  const growing = new Set<string>()
  const parts: Pick<
    Store,
    'begin' | 'place' | 'discard' | 'park' | 'dropParked' | 'sweepParts' | 'partBytes'
  > = {
    begin: async (id, expected) => {
      const part = await beginPart(layout, isOwner() ? id : `${id}.${unique()}`, expected)
      growing.add(part.id)
      return part
    },
    place: (part, digest) => {
      const stamp = placePart(part, layout.blob(digest))
      growing.delete(part.id)
      return stamp
    },
    discard: async (part) => {
      growing.delete(part.id)
      await unlinkIfThere(part.path)
    },
    park: (part) => void growing.delete(part.id),
    dropParked: async (bytes) => (isOwner() ? await dropParked(layout, growing, bytes) : 0),
    sweepParts: async () => {
      if (!isOwner()) return
      const names = (await parkedParts(layout)).map((part) => part.name)
      for (const name of names.filter((each) => !CONTINUABLE.test(each)))
        await unlinkIfThere(layout.part(name))
    },
    partBytes: () => partBytes(layout),
  }
  return parts
}

async function dropParked(layout: Layout, growing: ReadonlySet<string>, bytes: number): Promise<number> {
  let freed = 0
  for (const { name, size } of await parkedParts(layout)) {
    if (freed >= bytes) break
    if (growing.has(name)) continue
    await unlinkIfThere(layout.part(name))
    freed += onDisk(size)
  }
  return freed
}

/** Named after their content; all others were written in one go, or by a process that is gone. */
const CONTINUABLE = /^sha(256|512)-[0-9a-f]+$/

/** Other processes may still write theirs, whose names have a dot; nobody writes for an hour without a pause. */
const LEFT_BEHIND = 60 * 60 * 1000

/** Oldest first. */
async function parkedParts(layout: Layout) {
  const parts: { name: string; size: number; at: number }[] = []
  for (const name of await readdir(layout.parts)) {
    const stats = await stat(layout.part(name)).catch(() => undefined)
    if (stats === undefined || (name.includes('.') && Date.now() - stats.mtimeMs < LEFT_BEHIND)) continue
    parts.push({ name, size: stats.size, at: stats.mtimeMs })
  }
  return parts.sort((a, b) => a.at - b.at)
}

async function openBlob(path: string): Promise<OpenBlob | undefined> {
  let fd: number
  try {
    fd = await openFile(path, READ_BLOB)
  } catch (error) {
    if (isMissing(error) || isNoFile(error)) return undefined
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

/** Anything but a plain file goes to the trash: it cannot be continued. */
function reclaimFile(layout: Layout, digest: Sha256, id: string): number {
  const file = fs.lstatSync(layout.blob(digest), { throwIfNoEntry: false })
  if (file?.isFile() !== true) {
    moveIfThere(layout.blob(digest), layout.trashed(digest, unique()))
    return 0
  }
  const replaced = fs.lstatSync(layout.part(id), { throwIfNoEntry: false })
  moveIfThere(layout.blob(digest), layout.part(id))
  return onDisk(file.size) - onDisk(replaced?.size ?? 0)
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
    bytes += onDisk(stats?.size ?? 0)
  }
  return bytes
}

/** A link, a socket, or a file where a folder should be. */
function isNoFile(error: unknown): boolean {
  return ['ELOOP', 'ENXIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
