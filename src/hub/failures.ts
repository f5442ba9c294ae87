import type { Clock } from '../domain/clock.ts'
import type { Because } from '../domain/reasons.ts'

const MOST = 100

/** Questions that failed lately, and why: they are not repeated at once. */
export interface Failures {
  /** Undefined where it did not, or longer ago. */
  whyOf(question: string): Because | undefined
  put(question: string, why: Because): void
}

/** Remembers at most 100 of them, each for `span` ms. A clock that was set back ends that. */
export function createFailures(clock: Clock, span: number): Failures {
  const kept = new Map<string, { readonly why: Because; readonly at: number }>()
  const isOver = (at: number): boolean => clock() - at >= span || clock() < at
  return {
    whyOf: (question) => {
      const found = kept.get(question)
      if (found === undefined) return undefined
      if (!isOver(found.at)) return found.why
      kept.delete(question)
      return undefined
    },
    put: (question, why) => {
      kept.delete(question)
      kept.set(question, { why, at: clock() })
      // The oldest stand first.
      for (const [oldest, { at }] of kept) {
        if (kept.size <= MOST && !isOver(at)) break
        kept.delete(oldest)
      }
    },
  }
}
