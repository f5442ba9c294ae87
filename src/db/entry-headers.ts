/** The headers of an entry, as its row holds them; undefined where that is something else. */
export function headersIn(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    // All of them are looked at here.
    const isText = Object.values(value).every((one) => typeof one === 'string')
    return isText ? (value as Record<string, string>) : undefined
  } catch {
    return undefined
  }
}
