import { hash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyDb, isDiskTrouble, siblings } from './files.ts'
import { markForeign } from './index-copy.ts'
import { type Db, isStorageTrouble, openCopy } from './open.ts'

export interface Applied {
  readonly version: number
  readonly name: string
}

interface Migration extends Applied {
  readonly sql: string
  readonly sha256: string
}

/**
 * Brings the database to the newest version in `dir` (files `NNNN_words.sql`), all pending ones in one exclusive
 * transaction, and returns those it applied. Throws when an applied file was changed since or the database is
 * newer than this build; nothing is altered then.
 */
export function migrate(db: Db, dir: string): readonly Applied[] {
  const known = readMigrations(dir)
  return db
    .transaction(() => {
      db.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
        version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL
      ) STRICT`)
      const pending = pendingOf(db, known)
      const record = db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, unixepoch() * 1000)')
      for (const { version, name, sql, sha256 } of pending) {
        db.exec(sql)
        record.run(version, name, sha256)
      }
      return pending.map(({ version, name }) => ({ version, name }))
    })
    .exclusive()
}

export type CopyBefore =
  | { readonly kind: 'none' }
  | { readonly kind: 'made'; readonly file: string }
  | { readonly kind: 'failed'; readonly why: string }

/**
 * Copies a database that `migrate` would change to `<file>.before-NNNN`, and removes older such copies. A disk that
 * has no room for it does not stop a migration: what is cached can be fetched again, an index that stays closed
 * serves nobody. Throws as `migrate` does.
 */
export function copyBefore(db: Db, dir: string): CopyBefore {
  if (!hasHistory(db)) return { kind: 'none' }
  const [first] = pendingOf(db, readMigrations(dir))
  if (first === undefined) return { kind: 'none' }
  const file = `${db.name}.before-${String(first.version).padStart(4, '0')}`
  try {
    copyDb(db, file)
    const copy = openCopy(file)
    try {
      markForeign(copy)
    } finally {
      copy.close()
    }
  } catch (error) {
    if (!isStorageTrouble(error) && !isDiskTrouble(error)) throw error
    return { kind: 'failed', why: (error as Error).message } // Both are errors with words.
  }
  for (const name of siblings(db.name).filter((each) => /\.before-\d{4}$/.test(each))) {
    const path = join(dirname(db.name), name)
    if (path !== file) rmSync(path, { force: true })
  }
  return { kind: 'made', file }
}

/** Another process may be creating the database at this moment: then there is nothing to keep. */
function hasHistory(db: Db): boolean {
  const sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'"
  return db.prepare(sql).get() !== undefined
}

function readMigrations(dir: string): readonly Migration[] {
  return readdirSync(dir)
    .filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(dir, name), 'utf8')
      return { version: Number(name.slice(0, 4)), name, sql, sha256: hash('sha256', sql) }
    })
}

function pendingOf(db: Db, known: readonly Migration[]): readonly Migration[] {
  const applied = db.prepare<[], { version: number; sha256: string }>(
    'SELECT version, sha256 FROM schema_migrations',
  )
  const done = new Map(applied.all().map((row) => [row.version, row.sha256]))
  const newest = Math.max(0, ...done.keys())
  const build = Math.max(0, ...known.map((migration) => migration.version))
  if (newest > build)
    throw new Error(`the database is at version ${newest}, this build knows ${build}: use a newer Cachalot`)
  for (const migration of known) {
    const before = done.get(migration.version)
    if (before !== undefined && before !== migration.sha256) {
      throw new Error(`${migration.name} changed after it was applied to this database`)
    }
  }
  return known.filter((migration) => !done.has(migration.version))
}
