import type { RequestRow } from '../../../../src/api/contract-activity.ts'

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

/** Rows as a table for other programs, with times as RFC 3339. */
export function csvOf(rows: readonly RequestRow[]): string {
  const lines = rows.map((row) =>
    COLUMNS.map((name) => cellOf(name === 'at' ? new Date(row.at).toISOString() : row[name])).join(','),
  )
  return [COLUMNS.join(','), ...lines, ''].join('\r\n')
}

/** What clients send must not become a formula where the file is opened. */
function cellOf(value: string | number | undefined): string {
  const text = String(value ?? '')
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Hands a text to the reader as a file. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has to have begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
