import fs from 'node:fs'
import { join } from 'node:path'
import { onDisk } from '../../domain/blocks.ts'
import type { Sha256 } from '../../domain/digest.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'

export interface Stray {
  /** Undefined where the name or the folder is not a blob's. */
  readonly digest: Sha256 | undefined
  /** Below the folder of blobs. */
  readonly path: string
  /** On disk. */
  readonly bytes: number
}

export interface MissingFile {
  readonly digest: Sha256
  readonly size: number
}

export interface Strays {
  /** Files without a row. */
  readonly files: readonly Stray[]
  /** Rows without a file. */
  readonly missing: readonly MissingFile[]
  /** False where there are more than are listed. */
  readonly isWhole: boolean
}

/** Of each list; who takes these away and looks again finds the rest. */
const MOST = 200_000
const FOLDERS = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

/**
 * Compares the files below `blobs` with the rows, folder by folder. What lands or leaves meanwhile may be listed: look
 * again, inside a transaction, before anything is done about it. Throws when a folder cannot be read.
 */
export function strays(db: Db, { blobs }: { blobs: string }): Strays {
  const rowsOf = prepareRows(db)
  const files: Stray[] = []
  const missing: MissingFile[] = []
  const note = (path: string, digest?: Sha256): void => {
    const bytes = bytesOf(join(blobs, path))
    if (bytes !== undefined) files.push({ digest, path, bytes })
  }
  for (const name of namesIn(blobs)) if (!/^[0-9a-f]{2}$/.test(name)) note(name)
  for (const folder of FOLDERS) {
    const rows = rowsOf(folder)
    const names = new Set(namesIn(join(blobs, folder)))
    for (const { hex, size } of rows) {
      if (!names.delete(hex)) missing.push({ digest: `sha256:${hex}`, size })
    }
    for (const name of names) {
      const isDigest = /^[0-9a-f]{64}$/.test(name) && name.startsWith(folder)
      note(join(folder, name), isDigest ? `sha256:${name}` : undefined)
    }
    if (Math.max(files.length, missing.length) >= MOST) return { files, missing, isWhole: false }
  }
  return { files, missing, isWhole: true }
}

interface Row {
  readonly hex: string
  readonly size: number
}

function prepareRows(db: Db): (folder: string) => readonly Row[] {
  const select = prepared<[Buffer, Buffer], Row>(
    db,
    'SELECT lower(hex(digest)) AS hex, size FROM main.blobs WHERE digest >= ? AND digest < ?',
  )
  const end = Buffer.alloc(65, 0xff)
  return (folder) => {
    const first = Number.parseInt(folder, 16)
    return select.all(Buffer.from([first]), first === 255 ? end : Buffer.from([first + 1]))
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

/** Whole blocks, of a folder with all that is in it; undefined when it is gone. */
function bytesOf(path: string): number | undefined {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  const own = onDisk(stats.size)
  if (!stats.isDirectory()) return own
  return namesIn(path).reduce((sum, name) => sum + (bytesOf(join(path, name)) ?? 0), own)
}
