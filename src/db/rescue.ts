import { constants, copyFileSync, existsSync, renameSync, statSync } from 'node:fs'
import { MIB } from '../domain/units.ts'
import { flawOf, isDamage } from './damage.ts'
import { removeDb, restoredOf, snapshotOf, syncPath } from './files.ts'
import { migrate } from './migrate.ts'
import { closeDb, type Db, isStorageTrouble, openDb } from './open.ts'
import { type Salvaged, salvage } from './salvage.ts'
import { endSessions } from './sessions.ts'

/** Bytes up to which a database is looked through before it is used: a quarter of a second at most. */
export const CHECKED_AT_ONCE = 64 * MIB

export interface Rescue {
  /** The damaged index, which may be absent. */
  readonly file: string
  readonly migrations: string
}

export interface Rescued {
  /** When the snapshot that was used was made, in milliseconds since the epoch; undefined when there was none. */
  readonly snapshotAt: number | undefined
  readonly salvaged: Salvaged
}

/**
 * Makes a sound index out of the last good snapshot and of what can still be read of the damaged file, which it
 * leaves alone. The result lies at `restoredOf(file)`, closed and on disk. Throws when the disk refuses.
 */
export function rescue({ file, migrations }: Rescue): Rescued {
  const to = restoredOf(file)
  const snapshotAt = putSnapshot(file, migrations)
  const db = snapshotAt === undefined ? openFresh(to, migrations) : openDb(to)
  try {
    const salvaged = existsSync(file) ? salvage(db, file) : { rows: 0, gaps: 0 }
    endSessions(db)
    db.pragma('wal_checkpoint(TRUNCATE)')
    return { snapshotAt, salvaged }
  } finally {
    closeDb(db)
    syncPath(to)
  }
}

/** Puts the snapshot where the restored index is made; returns its age, undefined when it is no good. */
function putSnapshot(file: string, migrations: string): number | undefined {
  const snapshot = snapshotOf(file)
  const to = restoredOf(file)
  removeDb(to)
  if (!existsSync(snapshot)) return undefined
  const { mtimeMs, size } = statSync(snapshot)
  // Copying and checking hundreds of megabytes takes ten seconds, in which nothing is served. Where nothing is damaged
  // the snapshot, which was read row by row when it was made, serves at once, and is looked through beside that.
  const isMoved = size > CHECKED_AT_ONCE && !existsSync(file)
  if (isMoved) renameSync(snapshot, to)
  else copyOrMove(snapshot, to)
  let isGood = false
  try {
    isGood = canBeUsed(to, { migrations, depth: isMoved ? 'none' : 'whole' })
  } finally {
    if (!isGood && isMoved) renameSync(to, snapshot)
  }
  return isGood ? Math.round(mtimeMs) : undefined
}

/** False where it is damaged too, or of another build. Throws when the disk refuses. */
function canBeUsed(
  file: string,
  { migrations, depth }: { migrations: string; depth: 'none' | 'whole' },
): boolean {
  let db: Db | undefined
  try {
    db = openDb(file)
    if (depth === 'whole' && flawOf(db, depth) !== undefined) return false
    migrate(db, migrations)
    return true
  } catch (error) {
    if (isStorageTrouble(error) && !isDamage(error)) throw error
    return false
  } finally {
    if (db !== undefined) closeDb(db)
  }
}

/** A full disk has no room for a second one. */
function copyOrMove(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    removeDb(to)
    renameSync(from, to)
  }
}

function openFresh(to: string, migrations: string): Db {
  removeDb(to)
  const db = openDb(to)
  migrate(db, migrations)
  return db
}
