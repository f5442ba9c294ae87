import Database from 'better-sqlite3'
import { isDamage } from './damage.ts'
import type { Db } from './open.ts'

export interface Salvaged {
  /** Rows that could be read. */
  readonly rows: number
  /** Stretches that could not be read to their end. */
  readonly gaps: number
}

type Row = Readonly<Record<string, unknown>>

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
    return { rows: 0, gaps: 1 }
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
  const repositories = carryRepositories(db, carry, last)
  carryEntries(db, carry, repositories)
  const edge = db.prepare('INSERT OR IGNORE INTO edges VALUES (@parent, @child, @size)')
  const blob = createBlobPut(db)
  for (const [low, high] of byteRanges()) {
    const input = [low, high]
    carry({ table: 'blobs', key: ['digest'], where: 'digest BETWEEN ? AND ?', input }, blob)
    carry({ table: 'edges', key: ['parent', 'child'], where: 'parent BETWEEN ? AND ?', input }, (row) => {
      if (isDigest(row['parent']) && isDigest(row['child']) && isSize(row['size'])) edge.run(row)
    })
  }
  carryPins(db, carry)
}

/** Returns the id here by the id there; what cannot be read there may be known here from before. */
function carryRepositories(db: Db, carry: Carry, last: number): Map<number, number> {
  const known = db.prepare<[], number>('SELECT id FROM repositories').pluck().all()
  const ids = new Map(known.map((id) => [id, id]))
  const add = db.prepare('INSERT OR IGNORE INTO repositories (front_end, upstream, name) VALUES (?, ?, ?)')
  const find = db
    .prepare<unknown[], number>(
      'SELECT id FROM repositories WHERE front_end = ? AND upstream = ? AND name = ?',
    )
    .pluck()
  const put = (row: Row): void => {
    const name = [row['front_end'], row['upstream'], row['name']]
    if (typeof row['id'] !== 'number' || !name.every((part) => typeof part === 'string')) return
    add.run(...name)
    const id = find.get(...name)
    if (id !== undefined) ids.set(row['id'], id)
  }
  for (let id = 1; id <= last; id += 64) {
    carry({ table: 'repositories', key: ['id'], where: 'id BETWEEN ? AND ?', input: [id, id + 63] }, put)
  }
  return ids
}

const ENTRY_TEXTS = ['media_type', 'etag', 'headers'] as const

function carryEntries(db: Db, carry: Carry, repositories: ReadonlyMap<number, number>): void {
  const put = createPut(db, { table: 'entries', newer: 'checked_at' })
  for (const [there, here] of repositories) {
    const reading = { table: 'entries', key: ['kind', 'ref'], where: 'repository = ?', input: [there] }
    carry(reading, (row) => {
      const { fetched_at: at } = row
      // The first two came with a later migration.
      if (isEntry(row)) put({ created_at: at, used_at: at, ...row, repository: here })
    })
  }
}

interface Column {
  readonly name: string
  readonly notnull: number
}

/** Writes rows of a table unless what is there is newer. Columns that a row does not have are null or 0. */
function createPut(db: Db, { table, newer }: { table: string; newer: string }): (row: Row) => void {
  // What this pragma gives, see SQLite's documentation.
  const columns = db.pragma(`table_info(${table})`) as readonly Column[]
  const names = columns.map(({ name }) => name)
  const put = db.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})
     ON CONFLICT DO UPDATE SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE @${newer} >= ${newer}`,
  )
  const empty = Object.fromEntries(columns.map(({ name, notnull }) => [name, notnull === 1 ? 0 : null]))
  return (row) => void put.run({ ...empty, ...row })
}

function isEntry(row: Row): boolean {
  const { kind, ref, digest, size, fetched_at: fetchedAt, checked_at: checkedAt } = row
  if (typeof kind !== 'string' || !(typeof ref === 'string' || Buffer.isBuffer(ref))) return false
  if (!isDigest(digest) || !isSize(size) || !isSize(fetchedAt) || !isSize(checkedAt)) return false
  return (
    ENTRY_TEXTS.every((name) => row[name] === null || typeof row[name] === 'string') && isJson(row['headers'])
  )
}

const BLOB_NUMBERS = ['size', 'stamp', 'created_at', 'used_at', 'verified_at', 'pinned'] as const

function createBlobPut(db: Db): (row: Row) => void {
  const put = createPut(db, { table: 'blobs', newer: 'verified_at' })
  return (row) => {
    if (isDigest(row['digest']) && BLOB_NUMBERS.every((name) => isSize(row[name]))) put(row)
  }
}

/** A pin that was taken away must not come back, so those read whole replace those from before. */
function carryPins(db: Db, carry: Carry): void {
  const rows: Row[] = []
  const whole = carry({ table: 'pins', key: ['match', 'origin'], where: '1', input: [] }, (row) => {
    rows.push(row)
  })
  if (whole) db.exec('DELETE FROM pins')
  const put = db.prepare('INSERT OR REPLACE INTO pins VALUES (@match, @origin, @reason, @until, @created_at)')
  for (const row of rows) put.run(row)
}

/** All digests, by their first byte. */
function* byteRanges(): Generator<readonly [Buffer, Buffer]> {
  for (let first = 0; first < 256; first++) {
    yield [Buffer.from([first]), Buffer.concat([Buffer.from([first]), Buffer.alloc(32, 0xff)])]
  }
}

const isDigest = (value: unknown): boolean => Buffer.isBuffer(value) && value.length === 32
const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

function isJson(value: unknown): boolean {
  if (typeof value !== 'string') return value === null
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}
