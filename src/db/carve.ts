import type { Db } from './open.ts'
import { type Cell, type FoundRow, rowsInPages } from './pages.ts'
import { columnsOf, createRowPuts, isDigest, isSize, type Row } from './salvaged-rows.ts'

/**
 * Takes over the rows that lie in the pages of a database which cannot say any more what they are: its first page, or
 * its schema, is gone. A row is known by its shape. Returns how many were taken; throws what writing `db` throws.
 */
export function carve(db: Db, file: string): number {
  const puts = createRowPuts(db)
  const shapes = shapesOf(db)
  let rows = 0
  const take = (isWanted: (table: Table) => boolean): void => {
    for (const found of rowsInPages(file)) {
      const table = tableOf(found, shapes)
      if (table === undefined || !isWanted(table)) continue
      const values = table === 'repository' ? [found.rowid ?? 0, ...found.values.slice(1)] : found.values
      const row: Row = Object.fromEntries(values.map((value, i) => [shapes[table][i] ?? '', value]))
      puts[table](row)
      rows++
    }
  }
  db.transaction(() => {
    // Entries name them by number.
    take((table) => table === 'repository')
    take((table) => table !== 'repository')
  }).immediate()
  return rows
}

type Table = 'repository' | 'entry' | 'blob' | 'edge' | 'pin'
type Shapes = Readonly<Record<Table, readonly string[]>>

/** The columns of tables whose primary key comes first, as it does in their pages. */
function shapesOf(db: Db): Shapes {
  const names = (table: string) => columnsOf(db, table).map(({ name }) => name)
  return {
    repository: names('repositories'),
    entry: names('entries'),
    blob: names('blobs'),
    edge: names('edges'),
    pin: names('pins'),
  }
}

/** Columns of entries in the first release. */
const FEWEST = 10

const isText = (value: Cell | undefined): boolean => typeof value === 'string'
const isNone = (value: Cell | undefined): boolean => value === null || value === undefined

/** Other tables, and all indexes, have other shapes. */
function tableOf({ rowid, values }: FoundRow, shapes: Shapes): Table | undefined {
  const [a, b, c, d, e] = values
  const { length } = values
  if (rowid !== undefined)
    return length === 4 && a === null && isText(b) && isText(c) && isText(d) ? 'repository' : undefined
  if (length >= FEWEST && length <= shapes.entry.length) return isSize(a) && isText(b) ? 'entry' : undefined
  if (length === shapes.blob.length && isDigest(a)) return 'blob'
  if (length === shapes.edge.length && isDigest(a) && isDigest(b)) return 'edge'
  const isPin = isText(a) && isText(b) && (isNone(c) || isText(c)) && (isNone(d) || isSize(d)) && isSize(e)
  return length === shapes.pin.length && isPin ? 'pin' : undefined
}
