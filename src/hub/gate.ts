import { type Clock, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { type Because, because } from '../domain/reasons.ts'
import type { RateLimit } from '../upstream/origin.ts'
import { createBucket, QUESTIONS } from './bucket.ts'

/** Questions under way at once: people wait for them, and Docker Hub counts them. */
const MOST = 8
const USUAL_WAIT = 60
/** So many failures one after the other are no accident; then nothing is asked for so many seconds. */
const FAILURES = 3
const PAUSE = 10
/** Of what Docker Hub allows, that share is left to others behind our address. */
const LEFT_TO_OTHERS = 0.1

/** Whether a question may go out. */
export interface Gate {
  /** Why it may not; undefined: it may. */
  closed(): Because | undefined
  /** Counts a question in; the returned function counts it out. */
  enter(): () => void
  /** Docker Hub answered a question. */
  answered(): void
  /** It did not: how, and the same for people. What says for how long it wants to be left alone is obeyed. */
  failed(error: unknown, why: Because): void
}

interface Rest {
  readonly since: number
  readonly seconds: number
  /** What is said meanwhile; undefined: that Docker Hub wants no questions. */
  readonly why?: Because
}

/** `budget` is what Docker Hub said last of how many questions it takes. */
export function createGate(clock: Clock, budget: () => RateLimit | undefined): Gate {
  const bucket = createBucket(clock, QUESTIONS)
  let running = 0
  let failures = 0
  let rest: Rest | undefined

  /** A clock that was set back must not keep it closed. */
  const secondsLeft = ({ since, seconds }: Rest): number => {
    const waited = (clock() - since) / SECOND
    return waited < 0 ? 0 : Math.max(0, Math.ceil(seconds - waited))
  }
  /** Whichever ends later holds. */
  const lieDown = (next: Rest): void => {
    if (rest === undefined || secondsLeft(next) >= secondsLeft(rest)) rest = next
  }
  const resting = (): Because | undefined => {
    for (const one of [rest, restOf(budget())]) {
      const seconds = one === undefined ? 0 : secondsLeft(one)
      if (seconds > 0) return one?.why ?? because('hub_limited', { seconds })
    }
    return undefined
  }

  return {
    closed: () => resting() ?? (running >= MOST || bucket.isEmpty() ? because('hub_busy') : undefined),
    enter: () => {
      running++
      bucket.take()
      return () => void running--
    },
    answered: () => {
      failures = 0
    },
    failed: (error, why) => {
      failures++
      const since = clock()
      const seconds = waitOf(error)
      if (seconds !== undefined) lieDown({ since, seconds })
      else if (failures >= FAILURES) lieDown({ since, seconds: PAUSE, why })
    },
  }
}

/** The seconds that Docker Hub wants to be left alone; undefined where it said nothing of the kind. */
function waitOf(error: unknown): number | undefined {
  if (!(error instanceof AppError)) return undefined
  if (error.code === 'upstream_rate_limited') return error.retryAfter ?? USUAL_WAIT
  return error.code === 'upstream_failed' ? error.retryAfter : undefined
}

function restOf(said: RateLimit | undefined): Rest | undefined {
  if (said === undefined || said.remaining >= said.limit * LEFT_TO_OTHERS) return undefined
  return { since: said.seenAt, seconds: said.window === 0 ? USUAL_WAIT : said.window }
}
