/** What one step of looking at something found. */
export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it; only where it is not ok. */
  readonly advice?: string
  /** Milliseconds it took, where that says something. */
  readonly ms?: number
}

/** Milliseconds something takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const started = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - started) }
}

/** An error of Node's as a person reads it. */
export function said(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer in 5 s'
  if (error instanceof AggregateError && error.errors.length > 0) return said(error.errors[0])
  return error.message === '' ? error.name : error.message
}
