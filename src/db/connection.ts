import { existsSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Closing, readClosing } from './closing.ts'
import { flawOf, isDamage, watchStatements } from './damage.ts'
import { moveAside, removeDb, removeHalves, restoredOf, snapshotOf, syncPath } from './files.ts'
import { type Applied, type CopyBefore, copyBefore, migrate } from './migrate.ts'
import { closeDb, type Db, limitWaits, openDb, unlessTrouble } from './open.ts'
import { CHECKED_AT_ONCE, type Rescued, rescue } from './rescue.ts'
import { createTables } from './tables.ts'

/** What became of a damaged or missing index. */
export interface Recovered extends Rescued {
  /** What was wrong. */
  readonly flaw: string
  /** Where the damaged file lies now; undefined when there was none. */
  readonly aside: string | undefined
}

/** An open index and what came with opening it. */
export interface Connection extends Closing {
  readonly db: Db
  readonly tables: ReturnType<typeof createTables>
  readonly applied: readonly Applied[]
  readonly copy: CopyBefore
  /** Of the file: another one has taken its place when these differ. */
  readonly inode: number
  /** Whether the file was looked through while it was opened. */
  readonly checked: boolean
  /** What had to be put back to open it. */
  readonly recovered: Recovered | undefined
}

export interface Place {
  readonly file: string
  readonly migrations: string
  /** Hears of damage that a statement runs into. */
  readonly notice: (error: unknown) => void
}

/** Damage, as opposed to trouble that passes. */
class Damage extends Error {}

/** Opens and migrates. Throws when the file is damaged, cannot be opened, or is of a newer build. */
export function connect({ file, migrations, notice }: Place, isOwner: boolean): Connection {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  const db = openDb(file)
  try {
    const isSmall = size <= CHECKED_AT_ONCE
    const flaw = isOwner && isSmall ? flawOf(db, 'whole') : undefined
    if (flaw !== undefined) throw new Damage(flaw)
    const copy: CopyBefore = isOwner ? copyBefore(db, migrations) : { kind: 'none' }
    const applied = migrate(db, migrations)
    watchStatements(db, notice)
    const tables = createTables(db, file, notice)
    const closing = readClosing(tables)
    limitWaits(db)
    const { ino } = statSync(file)
    return { db, tables, applied, copy, inode: ino, checked: isSmall, ...closing, recovered: undefined }
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * As `connect`, for the owner of the folder: a damaged or lost index is put back first. One that is new is
 * `recovered` too, since there may be files that it should know.
 */
export function connectOrRescue(place: Place, at: number): Connection {
  const { file } = place
  removeHalves(file)
  keepRestored(file)
  removeDb(restoredOf(file))
  const lost = isLost(file)
  if (lost) removeDb(file)
  if (lost && !existsSync(snapshotOf(file))) return { ...connect(place, true), recovered: FRESH }
  const opened = lost ? 'it is missing' : attempt(place)
  if (typeof opened === 'object') return opened
  const rescued = rescue(place)
  const aside = putInPlace(file, at)
  return { ...connect(place, true), bytesThen: undefined, recovered: { ...rescued, flaw: opened, aside } }
}

/** Somebody was killed between making a restored index, perhaps out of the only snapshot, and putting it in place. */
function keepRestored(file: string): void {
  const restored = restoredOf(file)
  if (!existsSync(restored) || existsSync(snapshotOf(file)) || !isLost(file)) return
  // What only its log holds belongs to it.
  unlessTrouble(() => closeDb(openDb(restored)))
  renameSync(restored, snapshotOf(file))
}

const FRESH: Recovered = {
  flaw: 'it is missing',
  aside: undefined,
  snapshotAt: undefined,
  salvaged: { rows: 0, gaps: 0 },
}

/**
 * An empty file is as good as none; SQLite would silently begin a new database in it. So is one whose log alone is left:
 * the log has what changed last, not what it changed.
 */
function isLost(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0
}

/** The open index, or what is wrong with it. */
function attempt(place: Place): Connection | string {
  try {
    return connect(place, true)
  } catch (error) {
    if (error instanceof Damage) return error.message
    if (isDamage(error)) return String(error)
    throw error
  }
}

/** Exchanges the damaged file for the restored one. Nobody in this process may have it open. */
export function putInPlace(file: string, at: number): string | undefined {
  const aside = existsSync(file) ? moveAside(file, at) : undefined
  // A log without its database would be played into the new one.
  removeDb(file)
  renameSync(restoredOf(file), file)
  syncPath(dirname(file))
  return aside
}
