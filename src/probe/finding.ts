import type { Saying } from '../domain/saying.ts'
import type { Told } from './sentences.ts'

/** What one step of looking at something found. */
export interface Finding {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do about it; only where it is not ok. */
  readonly advice?: string
  /** Milliseconds it took, where that says something. */
  readonly ms?: number
  /** What `detail` and `advice` are made of, for other languages; only of steps that the console shows. */
  readonly says?: Says
}

export interface Says {
  readonly detail?: Saying
  readonly advice?: Saying
  /** What Node said of the failure, with its code. */
  readonly error?: { readonly code: string | undefined; readonly text: string }
}

/** What a step found, in sentences. */
export function finding(
  state: Finding['state'],
  detail: Told,
  advice?: Told,
): Required<Pick<Finding, 'state' | 'detail' | 'says'>> & Pick<Finding, 'advice'> {
  if (advice === undefined) return { state, detail: detail.text, says: { detail: detail.saying } }
  const says = { detail: detail.saying, advice: advice.saying }
  return { state, detail: detail.text, advice: advice.text, says }
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

/** "ECONNREFUSED", "CERT_HAS_EXPIRED"; undefined where Node has none for it. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'ETIMEDOUT'
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const { code } = error as { readonly code?: unknown } // Node's errors carry it.
  return typeof code === 'string' ? code : undefined
}
