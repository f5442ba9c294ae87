/** Rows as a table for other programs: a line of names, then one per row; numbers as they are. */
export function csvOf(names: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [names, ...rows, []].map((cells) => cells.map(cellOf).join(',')).join('\r\n')
}

type Cell = string | number | undefined

/** What others chose as a name must not become a formula where the file is opened. */
function cellOf(value: Cell): string {
  const text = String(value ?? '')
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Hands a text to the reader as a file. */
export function save(name: string, text: string): void {
  const type = name.endsWith('.json') ? 'application/json' : 'text/csv'
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has to have begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
