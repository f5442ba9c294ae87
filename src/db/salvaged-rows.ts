import { headersIn } from './entry-headers.ts'
import type { Db } from './open.ts'

/** A row of a damaged index, by column. Nothing about it is certain. */
export type Row = Readonly<Record<string, unknown>>

/** Each takes a row of its table over, unless it makes no sense or what is here is newer. */
export interface RowPuts {
  repository(row: Row): void
  /** After the repositories: their ids here may be others. */
  entry(row: Row): void
  blob(row: Row): void
  edge(row: Row): void
  pin(row: Row): void
  /** Ids of repositories there. */
  repositories(): readonly number[]
}

/** For rows of any version of the index; `db` is of the newest. */
export function createRowPuts(db: Db): RowPuts {
  const ids = createIds(db)
  const entry = createPut(db, { table: 'entries', newer: 'checked_at' })
  const blob = createPut(db, { table: 'blobs', newer: 'verified_at' })
  const edge = db.prepare('INSERT OR IGNORE INTO edges VALUES (@parent, @child, @size)')
  const pin = db.prepare('INSERT OR REPLACE INTO pins VALUES (@match, @origin, @reason, @until, @created_at)')
  return {
    repository: ids.put,
    repositories: () => [...ids.known.keys()],
    entry: (row) => {
      const repository = ids.known.get(Number(row['repository']))
      const { fetched_at: at } = row
      // The first two came with a later migration.
      if (repository !== undefined && isEntry(row)) entry({ created_at: at, used_at: at, ...row, repository })
    },
    blob: (row) => {
      if (isDigest(row['digest']) && BLOB_NUMBERS.every((name) => isSize(row[name]))) blob(row)
    },
    edge: (row) => {
      if (isDigest(row['parent']) && isDigest(row['child']) && isSize(row['size'])) edge.run(row)
    },
    pin: (row) => void pin.run(row),
  }
}

/** Ids of repositories here by those there; what cannot be read there may be known here from before. */
function createIds(db: Db) {
  const all = db.prepare<[], number>('SELECT id FROM repositories').pluck().all()
  const known = new Map(all.map((id) => [id, id]))
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
    if (id !== undefined) known.set(row['id'], id)
  }
  return { known, put }
}

interface Column {
  readonly name: string
  readonly notnull: number
}

/** Of a table of a sound index, in order. */
export function columnsOf(db: Db, table: string): readonly Column[] {
  // What this pragma gives, see SQLite's documentation.
  return db.pragma(`table_info(${table})`) as readonly Column[]
}

/** Writes rows of a table unless what is there is newer. Columns that a row does not have are null or 0. */
function createPut(db: Db, { table, newer }: { table: string; newer: string }): (row: Row) => void {
  const columns = columnsOf(db, table)
  const names = columns.map(({ name }) => name)
  const put = db.prepare(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})
     ON CONFLICT DO UPDATE SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE @${newer} >= ${newer}`,
  )
  const empty = Object.fromEntries(columns.map(({ name, notnull }) => [name, notnull === 1 ? 0 : null]))
  return (row) => void put.run({ ...empty, ...row })
}

const ENTRY_TEXTS = ['media_type', 'etag'] as const
const ENTRY_NUMBERS = ['size', 'fetched_at', 'checked_at'] as const
const BLOB_NUMBERS = ['size', 'stamp', 'created_at', 'used_at', 'verified_at', 'pinned'] as const

function isEntry(row: Row): boolean {
  const { kind, ref, digest, headers } = row
  if (typeof kind !== 'string' || !(typeof ref === 'string' || Buffer.isBuffer(ref))) return false
  if (!isDigest(digest) || !ENTRY_NUMBERS.every((name) => isSize(row[name]))) return false
  if (!ENTRY_TEXTS.every((name) => row[name] === null || typeof row[name] === 'string')) return false
  return headers === null || (typeof headers === 'string' && headersIn(headers) !== undefined)
}

export const isDigest = (value: unknown): boolean => Buffer.isBuffer(value) && value.length === 32
export const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0
