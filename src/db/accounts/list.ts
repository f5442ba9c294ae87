import { sortedPlaces } from './order.ts'
import type { ListAsk, ListPage } from './rows.ts'

/** What a list is made of: rows in the order of their names, and the numbers they can be sorted by. */
export interface Listing<T> {
  readonly rows: readonly T[]
  readonly columns: Readonly<Record<string, (row: T) => number>>
  /** Tells where a row stands among names; unlike its place it outlives changes. */
  readonly keyOf: (row: T) => readonly string[]
}

const MOST = 1000
const USUAL = 200

/** What was worked out for a list that stays as it is, kept as long as the list. */
interface Worked {
  readonly orders: Map<string, Uint32Array>
  /** What matched lately, by order and question: people turn pages. */
  readonly found: Map<string, Uint32Array>
}

const worked = new WeakMap<readonly unknown[], Worked>()
const MOST_FOUND = 8

interface Showing<T, R> {
  readonly asOf: number
  readonly matches: (row: T) => boolean
  /** Of a list that may be older than the last removal: asked of the rows of the page alone. */
  readonly isHere?: (row: T) => boolean
  readonly show: (row: T) => R
}

/**
 * One page of the rows that match. A cursor names the last row of the page before, so that nothing is left out or
 * told twice while the list is as it was, and little when it is not. Unknown columns and cursors throw a RangeError.
 */
export function listPage<T, R>(
  listing: Listing<T>,
  ask: ListAsk,
  { asOf, matches, isHere = () => true, show }: Showing<T, R>,
): ListPage<R> {
  const sort = parseSort(listing, ask.sort ?? 'name')
  const found = findAll(listing, sort, { ask, matches })
  const limit = Math.min(MOST, Math.max(1, ask.limit ?? USUAL))
  const from = ask.cursor === undefined ? 0 : startAfter(listing, sort, { cursor: ask.cursor, found })
  const shown = Array.from(found.subarray(from, from + limit)).flatMap((at) => listing.rows[at] ?? [])
  const last = shown.at(-1)
  const isEnd = last === undefined || from + limit >= found.length
  return {
    items: shown.filter(isHere).map(show),
    total: found.length,
    nextCursor: isEnd ? undefined : encodeCursor({ value: sort.valueOf(last), key: listing.keyOf(last) }),
    asOf,
  }
}

interface Sort<T> {
  readonly text: string
  readonly valueOf: (row: T) => number
  readonly sign: 1 | -1
  /** By name alone. */
  readonly isName: boolean
}

function parseSort<T>({ columns }: Listing<T>, text: string): Sort<T> {
  const sign = text.startsWith('-') ? -1 : 1
  const column = sign === 1 ? text : text.slice(1)
  if (column === 'name') return { text, valueOf: () => 0, sign, isName: true }
  const valueOf = Object.hasOwn(columns, column) ? columns[column] : undefined
  if (valueOf === undefined) throw new RangeError(`there is no column ${column}`)
  return { text, valueOf, sign, isName: false }
}

function workedOf(rows: readonly unknown[]): Worked {
  const known = worked.get(rows) ?? { orders: new Map(), found: new Map() }
  worked.set(rows, known)
  return known
}

function orderOf<T>({ rows }: Listing<T>, sort: Sort<T>): Uint32Array {
  const { orders } = workedOf(rows)
  const order = orders.get(sort.text) ?? makeOrder(rows, sort)
  orders.set(sort.text, order)
  return order
}

/** Places of all rows that match, in the order asked for. */
function findAll<T>(
  listing: Listing<T>,
  sort: Sort<T>,
  { ask, matches }: { ask: ListAsk; matches: (row: T) => boolean },
): Uint32Array {
  const { cursor: _cursor, limit: _limit, exact: _exact, since: _since, ...question } = ask
  const key = JSON.stringify({ ...question, sort: sort.text })
  const { found } = workedOf(listing.rows)
  const places = found.get(key) ?? select(listing, orderOf(listing, sort), matches)
  // The one asked for last goes last.
  found.delete(key)
  found.set(key, places)
  const [oldest] = found.keys()
  if (found.size > MOST_FOUND && oldest !== undefined) found.delete(oldest)
  return places
}

/** Rows are looked at as they lie in memory: in another order that takes three times as long. */
function select<T>({ rows }: Listing<T>, order: Uint32Array, matches: (row: T) => boolean): Uint32Array {
  const isFound = new Uint8Array(rows.length)
  let count = 0
  rows.forEach((row, at) => {
    if (!matches(row)) return
    isFound[at] = 1
    count++
  })
  if (count === rows.length) return order
  const found = new Uint32Array(count)
  let next = 0
  for (const at of order) if (isFound[at] === 1) found[next++] = at
  return found
}

function makeOrder<T>(rows: readonly T[], { valueOf, sign, isName }: Sort<T>): Uint32Array {
  if (isName) {
    const order = Uint32Array.from(rows.keys())
    return sign === 1 ? order : order.toReversed()
  }
  const values = new Float64Array(rows.length)
  rows.forEach((row, at) => {
    values[at] = valueOf(row)
  })
  return sortedPlaces(values, sign)
}

interface Mark {
  readonly value: number
  readonly key: readonly string[]
}

function encodeCursor(mark: Mark): string {
  return Buffer.from(JSON.stringify([mark.value, ...mark.key])).toString('base64url')
}

function decodeCursor(cursor: string): Mark {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    parts = undefined
  }
  if (Array.isArray(parts)) {
    const [value, ...key] = parts as unknown[]
    if (typeof value === 'number' && key.every((part) => typeof part === 'string')) return { value, key }
  }
  throw new RangeError('the cursor is none of ours')
}

/** How many of `found` stand before or at the row the cursor names. */
function startAfter<T>(
  { rows, keyOf }: Listing<T>,
  { valueOf, sign, isName }: Sort<T>,
  { cursor, found }: { cursor: string; found: Uint32Array },
): number {
  const mark = decodeCursor(cursor)
  const isAfter = (row: T): boolean => {
    const byValue = sign * (valueOf(row) - mark.value)
    const byName = compareKeys(keyOf(row), mark.key)
    return byValue === 0 ? (isName ? sign * byName : byName) > 0 : byValue > 0
  }
  let low = 0
  let high = found.length
  while (low < high) {
    const middle = (low + high) >> 1
    const row = rows[found[middle] ?? 0]
    if (row !== undefined && isAfter(row)) high = middle
    else low = middle + 1
  }
  return low
}

/** As the index sorts its text: names are ASCII. */
function compareKeys(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] ?? ''
    if (part !== other) return part < other ? -1 : 1
  }
  return 0
}
