import { hash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Db } from './open.ts'

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
