/** One thing that was looked at. */
export interface Check {
  /** Whether it concerns this machine or one upstream; the exit code tells them apart. */
  readonly area: 'here' | 'upstream'
  /** "this machine", or the name of an upstream. */
  readonly subject: string
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it; only where it is not ok. */
  readonly advice?: string
  /** Milliseconds it took, where that says something. */
  readonly ms?: number
}

export type Finding = Pick<Check, 'name' | 'state' | 'detail' | 'advice' | 'ms'>

export const here = (finding: Finding): Check => ({ area: 'here', subject: 'this machine', ...finding })

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
