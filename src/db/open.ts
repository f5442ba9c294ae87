import Database from 'better-sqlite3'
import { MIB } from '../domain/units.ts'

export type Db = Database.Database

/** Of the database, in bytes. */
const PAGE = 4096

/** Milliseconds that opening waits for other processes, which may be migrating. */
const OPEN_BUSY_MS = 20_000
/** Milliseconds a statement may block the event loop for another process; longer waits go through `patiently`. */
const BUSY_MS = 50

/** The index, ready for statements. Pragmas stand here and nowhere else. Throws when the file is no database. */
export function openDb(file: string): Db {
  const db = new Database(file)
  db.pragma(`busy_timeout = ${OPEN_BUSY_MS}`)
  enableWal(db)
  db.pragma('synchronous = NORMAL')
  db.pragma('foreign_keys = ON')
  db.pragma('cache_size = -65536')
  db.pragma('mmap_size = 268435456')
  db.pragma('temp_store = MEMORY')
  db.pragma('journal_size_limit = 67108864')
  // A thread is there before, see checkpoints.ts: here pages and syncs would keep requests waiting.
  db.pragma(`wal_autocheckpoint = ${(128 * MIB) / PAGE}`)
  return db
}

/** Bytes of the log, and of what only the log holds, as far as can be told without waiting. */
export function logOf(db: Db): { readonly bytes: number; readonly alone: number } {
  // One row of these columns, each -1 where there is no log.
  const [row] = db.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
  return { bytes: row.log * PAGE, alone: (row.log - row.checkpointed) * PAGE }
}

/** For moving the log into the database beside the connection that writes. */
export function openToCheckpoint(file: string): Db {
  const db = new Database(file, { fileMustExist: true, timeout: 0 })
  db.pragma('synchronous = NORMAL')
  return db
}

/** Moves what can be moved while others read and write. */
export function checkpoint(db: Db): void {
  db.pragma('wal_checkpoint(PASSIVE)')
}

/** The first database of a thread brings the module in. */
export function loadSqlite(): void {
  new Database(':memory:').close()
}

/** For long reading beside the connection that writes. */
export function openToRead(file: string): Db {
  return new Database(file, { readonly: true, timeout: OPEN_BUSY_MS })
}

/** A copy that nobody else has open; it stays one file. */
export function openCopy(file: string): Db {
  const db = new Database(file, { fileMustExist: true })
  db.pragma('journal_mode = DELETE')
  return db
}

/** Turning a new file to WAL fails at once while another process does the same, whatever the timeout. */
function enableWal(db: Db): void {
  const until = performance.now() + OPEN_BUSY_MS
  for (;;) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > until) throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  }
}

/** From now on requests wait for statements. */
export function limitWaits(db: Db): void {
  db.pragma(`busy_timeout = ${BUSY_MS}`)
}

/** Checkpoints and closes; the planner's statistics are refreshed where that is cheap. */
export function closeDb(db: Db): void {
  if (!db.open) return
  unlessTrouble(() => db.pragma('optimize'))
  db.close()
}

/**
 * Full or read-only disk, I/O error, a lock that did not go away, or damage, which is repaired by whoever hears of
 * it first (see repair.ts): the caller goes on without the write.
 */
export function isStorageTrouble(error: unknown): boolean {
  return (
    error instanceof Database.SqliteError &&
    /^SQLITE_(FULL|IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOTADB)/.test(error.code)
  )
}

/** What cannot be done on a failing disk, or while another process writes, is left undone. */
export function unlessTrouble(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isStorageTrouble(error)) throw error
  }
}

export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code)
}
