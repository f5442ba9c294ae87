import { DeadlineError } from './failure.ts'

/** The time and the will that are left for one call. */
export interface Budget {
  /** Ends when the time for headers is over or the caller gave up. */
  readonly signal: AbortSignal
  /** Headers are here: only the caller can end it from now on. */
  stopClock(): void
  /** Nothing listens and nothing ticks afterwards. */
  readonly release: () => void
}

export interface BudgetOptions {
  readonly ms: number
  /** The caller shortened the time; see DeadlineError. */
  readonly impatient: boolean
  readonly outer?: AbortSignal | undefined
}

export function createBudget({ ms, impatient, outer }: BudgetOptions): Budget {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(new DeadlineError(ms, impatient)), ms)
  const onAbort = () => controller.abort(outer?.reason)
  outer?.addEventListener('abort', onAbort)
  if (outer?.aborted === true) onAbort()
  return {
    signal: controller.signal,
    stopClock: () => clearTimeout(timer),
    release: () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onAbort)
    },
  }
}
