import type { Clock } from '../domain/clock.ts'
import type { Because } from '../domain/reasons.ts'
import { createRecent } from '../domain/recent.ts'

const MOST = 100

/** Questions that failed lately, and why: they are not repeated at once. */
export interface Failures {
  /** Undefined where it did not, or longer ago. */
  whyOf(question: string): Because | undefined
  put(question: string, why: Because): void
}

/** Remembers at most 100 of them, each for `span` ms. A clock that was set back ends that. */
export function createFailures(clock: Clock, span: number): Failures {
  const kept = createRecent<{ readonly why: Because; readonly at: number }>(MOST)
  const isOver = (at: number): boolean => clock() - at >= span || clock() < at
  return {
    whyOf: (question) => {
      const found = kept.get(question)
      if (found === undefined) return undefined
      if (!isOver(found.at)) return found.why
      kept.remove(question)
      return undefined
    },
    put: (question, why) => kept.put(question, { why, at: clock() }),
  }
}
