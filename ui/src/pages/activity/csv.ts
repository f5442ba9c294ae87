import type { RequestRow } from '../../../../src/api/contract-activity.ts'
import { csvOf } from '../../parts/csv.ts'

const COLUMNS = [
  'at',
  'client',
  'who',
  'agent',
  'method',
  'name',
  'status',
  'outcome',
  'bytes',
  'ms',
  'error',
  'id',
] as const satisfies readonly (keyof RequestRow)[]

/** Requests with times as RFC 3339. */
export function requestsCsv(rows: readonly RequestRow[]): string {
  const cells = rows.map((row) =>
    COLUMNS.map((name) => (name === 'at' ? new Date(row.at).toISOString() : row[name])),
  )
  return csvOf(COLUMNS, cells)
}
