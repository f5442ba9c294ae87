import { constants, copyFileSync, existsSync, renameSync, statSync } from 'node:fs'
import { flawOf } from './damage.ts'
import { removeDb, restoredOf, snapshotOf, syncPath } from './files.ts'
import { migrate } from './migrate.ts'
import { closeDb, type Db, openDb } from './open.ts'
import { type Salvaged, salvage } from './salvage.ts'
import { endSessions } from './sessions.ts'

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

/** Puts a copy of the snapshot where the restored index is made; returns its age, undefined when it is no good. */
function putSnapshot(file: string, migrations: string): number | undefined {
  const snapshot = snapshotOf(file)
  const to = restoredOf(file)
  removeDb(to)
  if (!existsSync(snapshot)) return undefined
  const at = Math.round(statSync(snapshot).mtimeMs)
  copyOrMove(snapshot, to)
  let db: Db | undefined
  try {
    db = openDb(to)
    const flaw = flawOf(db, 'whole')
    if (flaw === undefined) migrate(db, migrations)
    return flaw === undefined ? at : undefined
  } catch {
    // Damaged too, or of another build.
    return undefined
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
