import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Db } from './open.ts'

/** Files that belong to a database: itself, its log, the log's index. */
const SUFFIXES = ['', '-wal', '-shm']
/** Damaged databases that are kept for whoever wants to look at them. */
const KEPT_ASIDE = 2

/** The copies that lie beside the index `file`. */
export const snapshotOf = (file: string): string => `${file}.snapshot`
export const restoredOf = (file: string): string => `${file}.restored`

/**
 * Writes a consistent copy of the database to `to`, which appears whole or not at all and is on disk afterwards.
 * It is read row by row, so a damaged database throws instead of being copied with its damage.
 */
export function copyDb(db: Db, to: string): void {
  const half = `${to}.${process.pid}.half`
  rmSync(half, { force: true })
  try {
    db.prepare('VACUUM INTO ?').run(half)
    syncPath(half)
    renameSync(half, to)
  } catch (error) {
    rmSync(half, { force: true })
    throw error
  }
  syncPath(dirname(to))
}

/** Copies that somebody was killed over. Nobody else may be writing one. */
export function removeHalves(file: string): void {
  for (const name of siblings(file)) {
    if (name.endsWith('.half') || name.endsWith('.half-journal'))
      rmSync(join(dirname(file), name), { force: true })
  }
}

/** Removes a database with all that belongs to it. */
export function removeDb(file: string): void {
  for (const suffix of SUFFIXES) rmSync(file + suffix, { force: true })
}

/** Renames a damaged database out of the way and returns its new name; only the newest of those stay. */
export function moveAside(file: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  const aside = freeName(`${file}.corrupt-${time}`)
  for (const suffix of SUFFIXES) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  }
  const older = siblings(file)
    .filter((name) => /\.corrupt-[0-9TZ.]+$/.test(name))
    .sort()
  for (const name of older.slice(0, -KEPT_ASIDE)) removeDb(join(dirname(file), name))
  return aside
}

/** Two within a second must not overwrite each other; names sort by time. */
function freeName(name: string): string {
  for (let n = 0; ; n++) {
    const free = n === 0 ? name : `${name}.${n}`
    if (!existsSync(free)) return free
  }
}

/** Names in the folder of `file` that begin with its name. */
export function siblings(file: string): readonly string[] {
  return readdirSync(dirname(file)).filter((name) => name.startsWith(`${basename(file)}.`))
}

/** What was written to a file, or which names a folder has, is on disk afterwards. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Full, read-only or failing disk. */
export function isDiskTrouble(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT|EROFS|EIO|EFBIG|EACCES|EPERM|EISDIR|ENOENT|ENOTDIR)$/.test(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}
