import { type Clock, SECOND } from '../domain/clock.ts'
import type { AppError } from '../domain/errors.ts'
import { type Because, because } from '../domain/reasons.ts'

/** Questions under way at once: people wait for them, and Docker Hub counts them. */
const MOST = 8
const USUAL_WAIT = 60

/** Whether a question may go out. */
export interface Gate {
  /** Why it may not; undefined: it may. */
  closed(): Because | undefined
  /** Counts a question in; the returned function counts it out. */
  enter(): () => void
  /** Docker Hub wants to be left alone for a while. */
  limited(error: AppError): void
}

export function createGate(clock: Clock): Gate {
  let running = 0
  let rest: { readonly since: number; readonly seconds: number } | undefined

  function secondsLeft(): number {
    if (rest === undefined) return 0
    const waited = (clock() - rest.since) / SECOND
    // A clock that was set back must not keep it closed.
    return waited < 0 ? 0 : Math.ceil(rest.seconds - waited)
  }

  return {
    closed: () => {
      const seconds = secondsLeft()
      if (seconds > 0) return because('hub_limited', { seconds })
      return running >= MOST ? because('hub_busy') : undefined
    },
    enter: () => {
      running++
      return () => void running--
    },
    limited: ({ retryAfter = USUAL_WAIT }) => {
      rest = { since: clock(), seconds: retryAfter }
    },
  }
}
