import Database from 'better-sqlite3'
import { carryAudit } from './audit.ts'
import { carve } from './carve.ts'
import { isDamage } from './damage.ts'
import { carryKeys } from './keys.ts'
import type { Db } from './open.ts'
import { createRowPuts, type Row } from './salvaged-rows.ts'
import { carryTokens } from './tokens.ts'

export interface Salvaged {
  /** Rows that could be read. */
  readonly rows: number
  /** Stretches that could not be read to their end. */
  readonly gaps: number
}

interface Reading {
  readonly from: Db
  readonly table: string
  /** Columns of the primary key, in order. */
  readonly key: readonly string[]
  readonly where: string
  readonly input: readonly unknown[]
}

/** Ids that are tried when the file cannot say how many there are. */
const MOST_IDS = 65_536

/**
 * Carries over what can still be read of the damaged database `file` into `db`, a sound one of the newest version
 * that may hold older rows of the same index. Newer rows win. Throws only what writing `db` throws.
 */
export function salvage(db: Db, file: string): Salvaged {
  let from: Db
  try {
    from = new Database(file, { readonly: true })
  } catch {
    return { rows: carve(db, file), gaps: 1 }
  }
  if (!hasSchema(from)) {
    from.close()
    return { rows: carve(db, file), gaps: 1 }
  }
  const count = { rows: 0, gaps: 0 }
  const carry = (reading: Omit<Reading, 'from'>, put: (row: Row) => void): boolean => {
    let whole = true
    for (const row of around({ ...reading, from }, () => (whole = false))) {
      count.rows++
      put(row)
    }
    if (!whole) count.gaps++
    return whole
  }
  try {
    const last = lastId(from)
    db.transaction(() => carryAll(db, carry, last)).immediate()
  } finally {
    from.close()
  }
  return count
}

function hasSchema(from: Db): boolean {
  try {
    from.prepare('SELECT 1 FROM entries')
    return true
  } catch (error) {
    if (!isDamage(error) && (error as { code?: string }).code !== 'SQLITE_ERROR') throw error
    return false
  }
}

/**
 * The rows of a stretch: from its begin until a page cannot be read, then from its end backwards until one cannot,
 * so that only what lies between is lost. A row may come twice. `broke` is called when there is such a gap.
 */
function* around({ from, table, key, where, input }: Reading, broke: () => void): Generator<Row> {
  for (const way of ['', ' DESC']) {
    const order = key.map((column) => column + way).join(', ')
    try {
      const rows = from.prepare<unknown[], Row>(`SELECT * FROM ${table} WHERE ${where} ORDER BY ${order}`)
      yield* rows.iterate(...input)
      return
    } catch (error) {
      // No such table: an older version, or one whose schema is gone.
      if (!isDamage(error) && (error as { code?: string }).code !== 'SQLITE_ERROR') throw error
      broke()
    }
  }
}

type Carry = (reading: Omit<Reading, 'from'>, put: (row: Row) => void) => boolean

function lastId(from: Db): number {
  try {
    return from.prepare<[], number | null>('SELECT max(id) FROM repositories').pluck().get() ?? 0
  } catch {
    return MOST_IDS
  }
}

function carryAll(db: Db, carry: Carry, last: number): void {
  const puts = createRowPuts(db)
  for (let id = 1; id <= last; id += 64) {
    const input = [id, id + 63]
    carry({ table: 'repositories', key: ['id'], where: 'id BETWEEN ? AND ?', input }, puts.repository)
  }
  for (const id of puts.repositories())
    carry({ table: 'entries', key: ['kind', 'ref'], where: 'repository = ?', input: [id] }, puts.entry)
  for (const input of byteRanges()) {
    carry({ table: 'blobs', key: ['digest'], where: 'digest BETWEEN ? AND ?', input }, puts.blob)
    carry({ table: 'edges', key: ['parent', 'child'], where: 'parent BETWEEN ? AND ?', input }, puts.edge)
  }
  carryPins(db, carry, puts.pin)
  carryKeys(db, carry)
  carryTokens(db, carry)
  carryAudit(db, carry)
}

/** A pin that was taken away must not come back, so those read whole replace those from before. */
function carryPins(db: Db, carry: Carry, put: (row: Row) => void): void {
  const rows: Row[] = []
  const whole = carry({ table: 'pins', key: ['match', 'origin'], where: '1', input: [] }, (row) => {
    rows.push(row)
  })
  if (whole) db.exec('DELETE FROM pins')
  for (const row of rows) put(row)
}

/** All digests, by their first byte. */
function* byteRanges(): Generator<readonly [Buffer, Buffer]> {
  for (let first = 0; first < 256; first++) {
    yield [Buffer.from([first]), Buffer.concat([Buffer.from([first]), Buffer.alloc(32, 0xff)])]
  }
}
