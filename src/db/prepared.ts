import type { Statement } from 'better-sqlite3'
import type { Db } from './open.ts'

const known = new WeakMap<Db, Map<string, Statement>>()

/**
 * The statement of this connection for `sql`, the same one every time: questions come often, and a statement that is
 * dropped lives on until memory is collected. The types are the caller's, as with `db.prepare`.
 */
export function prepared<B extends unknown[] | object, R = unknown>(
  db: Db,
  sql: string,
): B extends unknown[] ? Statement<B, R> : Statement<[B], R> {
  const statements = known.get(db) ?? new Map<string, Statement>()
  known.set(db, statements)
  const statement = statements.get(sql) ?? db.prepare(sql)
  statements.set(sql, statement)
  // Binds and rows are what the caller says of its own SQL.
  return statement as never
}
