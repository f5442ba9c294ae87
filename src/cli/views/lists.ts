import type { ImageRow, JobRow, PinRow, RepositoryRow } from '../../api/contract.ts'
import { formatDuration } from '../../domain/units.ts'
import { ago, bytes, type Cell, count, listed, moment, words } from '../cells.ts'
import type { Column, Table } from '../table.ts'

const SIZES: readonly Column[] = [
  { key: 'total', title: 'total', align: 'right' },
  { key: 'onlyHere', title: 'only here', align: 'right' },
]
const USES: readonly Column[] = [
  { key: 'lastUsed', title: 'last used', drop: 2 },
  { key: 'pulls', title: 'pulls', align: 'right', drop: 3 },
]

export function repositoryTable(rows: readonly RepositoryRow[], now: number): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'tags', title: 'tags', align: 'right' },
      ...SIZES,
      ...USES,
      { key: 'pinned', title: '', drop: 1 },
    ],
    rows: rows.map((row) => [
      words(row.name, 'strong'),
      count(row.tags),
      bytes(row.total),
      bytes(row.onlyHere),
      ago(row.lastUsed, now),
      count(row.pulls),
      pinnedCell(row.pinned),
    ]),
  }
}

export function imageTable(rows: readonly ImageRow[], now: number): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'tags', title: 'tags', shrink: true, drop: 5 },
      ...SIZES,
      ...USES,
      { key: 'state', title: 'state', drop: 4 },
      { key: 'pinned', title: '', drop: 1 },
      { key: 'digest', title: 'digest', drop: 6 },
      { key: 'created', title: 'created', drop: 7 },
      { key: 'platforms', title: 'platforms', shrink: true, drop: 8 },
    ],
    rows: rows.map((row) => [
      imageName(row),
      listed(row.tags),
      bytes(row.total),
      bytes(row.onlyHere),
      ago(row.lastUsed, now),
      count(row.pulls),
      { text: row.state, raw: row.state, ...(row.state === 'partial' ? { tone: 'warn' } : {}) },
      pinnedCell(row.pinned),
      { text: row.digest.slice(7, 19), raw: row.digest },
      row.created === undefined ? words(undefined) : ago(row.created, now),
      listed(row.platforms),
    ]),
  }
}

/** The digest of an image without a tag is shortened for people; its repository tells more. */
function imageName(row: ImageRow): Cell {
  const name = words(row.name, 'strong')
  return { ...name, text: name.text.replace(/(@sha\d+:[0-9a-f]{12})[0-9a-f]+$/, '$1') }
}

/** Empty for what is not. */
export function pinnedCell(is: boolean): Cell {
  return is ? { text: 'pinned', raw: 'pinned', tone: 'accent' } : { text: '', raw: '' }
}

export function pinTable(rows: readonly PinRow[]): Table {
  return {
    columns: [
      { key: 'match', title: 'pattern', shrink: true },
      { key: 'origin', title: 'from' },
      { key: 'images', title: 'images', align: 'right' },
      { key: 'files', title: 'files', align: 'right' },
      { key: 'bytes', title: 'holds', align: 'right' },
      { key: 'until', title: 'until', drop: 1 },
      { key: 'reason', title: 'reason', shrink: true, drop: 2 },
    ],
    rows: rows.map((row) => [
      words(row.match, 'strong'),
      { text: row.origin === 'config' ? 'config.toml' : 'command', raw: row.origin },
      count(row.images),
      count(row.files),
      bytes(row.bytes),
      row.until === undefined ? { text: 'for good', raw: '' } : moment(row.until),
      words(row.reason),
    ]),
  }
}

export function jobTable(rows: readonly JobRow[], now: number): Table {
  return {
    columns: [
      { key: 'job', title: 'job', shrink: true },
      { key: 'cause', title: 'because of', shrink: true },
      { key: 'startedAt', title: 'started' },
      { key: 'ms', title: 'took', align: 'right' },
      { key: 'result', title: 'result', shrink: true },
    ],
    rows: rows.map((row) => [
      words(row.subject === undefined ? row.job : `${row.job} "${row.subject}"`, 'strong'),
      words(row.cause),
      ago(row.startedAt, now),
      tookOf(row),
      resultOf(row),
    ]),
  }
}

function tookOf({ startedAt, endedAt }: JobRow): Cell {
  if (endedAt === undefined) return words(undefined)
  return { text: formatDuration(endedAt - startedAt), raw: String(endedAt - startedAt) }
}

function resultOf({ endedAt, error }: JobRow): Cell {
  if (error !== undefined) return words(error, 'bad')
  return endedAt === undefined ? words('running', 'accent') : words('done', 'good')
}
