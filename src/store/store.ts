import fs from 'node:fs'
import { readdir, stat, statfs, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { onDisk } from '../domain/blocks.ts'
import type { Sha256 } from '../domain/digest.ts'
import { closeFile, isMissing, moveIfThere, openFile, stampOf, statFile } from './file.ts'
import { createHolds, type Holds } from './holds.ts'
import { type Layout, layoutOf } from './layout.ts'
import { createParts, type Parts } from './parts.ts'
import { openScratch, type Scratch } from './scratch.ts'
import { createTrash, type Trash } from './trash.ts'
import { uniqueName } from './unique.ts'

export interface OpenBlob {
  readonly fd: number
  readonly size: number
  /** Change time of the file, see `stampOf`. */
  readonly stamp: number
  close(): void
}

export interface Store extends Parts, Trash, Holds {
  readonly layout: Layout
  /** The file of a blob, held until it is closed, or undefined when there is none. Throws when the disk fails. */
  open(digest: Sha256): Promise<OpenBlob | undefined>
  /** Whether a blob has a file; one look, nothing is opened. */
  hasFile(digest: Sha256): boolean
  /**
   * Turns a blob file that has no row back into the part `id` and returns by how much the parts grew on disk.
   * Synchronous, inside a transaction that saw no row.
   */
  reclaim(digest: Sha256, id: string): number
  /** What the index takes on disk, its log and copies included, in bytes. */
  indexBytes(): Promise<number>
  /** Bytes the volume still has for us. */
  freeBytes(): Promise<number>
  /** A file for what is not kept. Throws when the disk fails. */
  scratch(): Promise<Scratch>
  /** Throws when nothing can be written. */
  probe(): Promise<void>
}

/** Opens the folder, creating what is missing. Throws with the path when it cannot be written. */
export function createStore(root: string, isOwner: () => boolean): Store {
  const layout = layoutOf(root)
  for (const folder of [layout.blobs, layout.parts, layout.trash, layout.quarantine])
    fs.mkdirSync(folder, { recursive: true, mode: 0o750 })
  const holds = createHolds()
  return {
    layout,
    ...holds,
    ...createParts(layout, isOwner),
    ...createTrash(layout),
    open: async (digest) => {
      const release = holds.hold(digest)
      const file = await openBlob(layout.blob(digest), release).catch((error: unknown) => {
        release()
        throw error
      })
      if (file === undefined) release()
      return file
    },
    hasFile: (digest) => fs.existsSync(layout.blob(digest)),
    reclaim: (digest, id) => (isOwner() ? reclaimFile(layout, digest, id) : 0),
    indexBytes: () => indexBytes(layout),
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },
    scratch: () => openScratch(layout),
    probe: async () => {
      const path = layout.part(`probe.${uniqueName()}`)
      closeFile(await openFile(path, fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_WRONLY))
      await unlink(path)
    },
  }
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
/** Neither a link nor a pipe that somebody put in a blob's place may lead elsewhere or block. */
const READ_BLOB = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

/** `closed` is called when the file that is returned is closed. */
async function openBlob(path: string, closed: () => void): Promise<OpenBlob | undefined> {
  let fd: number
  try {
    fd = await openFile(path, READ_BLOB)
  } catch (error) {
    if (isMissing(error) || isNoFile(error)) return undefined
    throw error
  }
  const close = (): void => {
    closeFile(fd)
    closed()
  }
  try {
    const stats = await statFile(fd)
    if (stats.isFile()) return { fd, size: stats.size, stamp: stampOf(stats), close }
  } catch (error) {
    closeFile(fd)
    throw error
  }
  closeFile(fd)
  return undefined
}

async function indexBytes({ root, index }: Layout): Promise<number> {
  const names = (await readdir(root)).filter((name) => name.startsWith(basename(index)))
  const files = await Promise.all(names.map((name) => stat(join(root, name)).catch(() => undefined)))
  return files.reduce((sum, file) => sum + (file?.isFile() === true ? file.size : 0), 0)
}

/** Anything but a plain file goes to the trash: it cannot be continued. */
function reclaimFile(layout: Layout, digest: Sha256, id: string): number {
  const file = fs.lstatSync(layout.blob(digest), { throwIfNoEntry: false })
  if (file?.isFile() !== true) {
    moveIfThere(layout.blob(digest), layout.trashed(digest, uniqueName()))
    return 0
  }
  const replaced = fs.lstatSync(layout.part(id), { throwIfNoEntry: false })
  moveIfThere(layout.blob(digest), layout.part(id))
  return onDisk(file.size) - onDisk(replaced?.size ?? 0)
}

/** A link, a socket, or a file where a folder should be. */
function isNoFile(error: unknown): boolean {
  return ['ELOOP', 'ENXIO', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')
}
