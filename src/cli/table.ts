import type { Cell } from './cells.ts'
import type { Screen } from './terminal.ts'
import { displayWidth, fit, fitStart } from './width.ts'

export interface Column {
  /** Its name in CSV. */
  readonly key: string
  readonly title: string
  readonly align?: 'right'
  /** Gives up width first where the screen is narrow. */
  readonly shrink?: true
  /** Of what has no room its beginning is shown, where elsewhere the middle is left out. */
  readonly cut?: 'end'
  /** Columns go before it gets narrower than this; 32 unless given. */
  readonly comfortable?: number
  /** Is left out where the screen is too narrow even then, the highest first. */
  readonly drop?: number
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

const GAP = '  '
/** Columns go before a name gets narrower than this … */
const COMFORTABLE = 32
/** … and nothing can be told from anything below this. */
const LEAST = 12

/** Aligned lines with a title line, no wider than the screen wherever its columns allow that. */
export function renderTable(table: Table, { columns: width, paint }: Screen, indent = ''): string[] {
  const { columns, rows } = narrowed(table, width - indent.length)
  const widths = widthsOf({ columns, rows }, width - indent.length)
  const line = (cells: readonly Cell[]): string =>
    (indent + cells.map((cell, i) => drawn(cell, i)).join(GAP)).trimEnd()
  const drawn = (cell: Cell, i: number): string => {
    const room = widths[i] ?? 0
    const text = columns[i]?.cut === 'end' ? fitStart(cell.text, room) : fit(cell.text, room)
    const blanks = ' '.repeat(Math.max(0, room - displayWidth(text)))
    const painted = paint(cell.tone, text)
    return columns[i]?.align === 'right' ? blanks + painted : painted + blanks
  }
  const titles = columns.map(({ title }): Cell => ({ text: title, raw: title, tone: 'dim' }))
  const isTitled = columns.some(({ title }) => title !== '')
  return [...(isTitled ? [line(titles)] : []), ...rows.map(line)]
}

/** Leaves out columns that may go until the rest fits. */
function narrowed(table: Table, width: number): Table {
  let { columns, rows } = table
  while (leastWidth({ columns, rows }) > width) {
    const [first] = columns
      .map(({ drop = 0 }, at) => ({ drop, at }))
      .filter(({ drop }) => drop > 0)
      .toSorted((a, b) => b.drop - a.drop)
    if (first === undefined) break
    columns = columns.toSpliced(first.at, 1)
    rows = rows.map((row) => row.toSpliced(first.at, 1))
  }
  return { columns, rows }
}

function naturalWidths({ columns, rows }: Table): number[] {
  const widths = columns.map(({ title }) => displayWidth(title))
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(cell.text))
  return widths
}

function leastWidth(table: Table): number {
  const widths = naturalWidths(table).map((width, i) =>
    table.columns[i]?.shrink === true ? Math.min(width, table.columns[i]?.comfortable ?? COMFORTABLE) : width,
  )
  return sumOf(widths) + GAP.length * (widths.length - 1)
}

function widthsOf(table: Table, width: number): number[] {
  const widths = naturalWidths(table)
  let over = sumOf(widths) + GAP.length * (widths.length - 1) - width
  while (over > 0) {
    // The widest one gives first, so that two long columns end up alike.
    const at = widestShrinkable(table.columns, widths)
    if (at === undefined) break
    widths[at] = (widths[at] ?? 0) - 1
    over -= 1
  }
  return widths
}

function widestShrinkable(columns: readonly Column[], widths: readonly number[]): number | undefined {
  let found: number | undefined
  for (const [i, column] of columns.entries()) {
    const width = widths[i] ?? 0
    if (column.shrink === true && width > LEAST && width > (widths[found ?? -1] ?? 0)) found = i
  }
  return found
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** For programs: no titles, one row per line, values separated by tabs. `kind` says in front what the row is. */
export function plainLines({ rows }: Table, kind?: string): string[] {
  const front = kind === undefined ? '' : `${kind}\t`
  return rows.map((row) => front + row.map((cell) => cell.raw).join('\t'))
}

/** RFC 4180 with a line of column names. */
export function csvLines({ columns, rows }: Table): string[] {
  const lines = [columns.map(({ key }) => key), ...rows.map((row) => row.map(({ raw }) => raw))]
  return lines.map((values) => values.map(quoted).join(','))
}

function quoted(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
