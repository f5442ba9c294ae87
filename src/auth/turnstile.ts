import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'

/** Lets few through at once and few wait. */
export interface Turnstile {
  /** Runs `work` when it is its turn. Throws AppError `too_many_requests` where too many wait already. */
  pass<T>(work: () => Promise<T>): Promise<T>
}

export interface TurnstileOptions {
  readonly atOnce: number
  readonly waiting: number
}

export function createTurnstile({ atOnce, waiting }: TurnstileOptions): Turnstile {
  const queue: (() => void)[] = []
  let inside = 0
  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) inside--
    // The place is handed on, so that nobody slips in between.
    else next()
  }
  return {
    pass: async (work) => {
      if (inside < atOnce) inside++
      else {
        if (queue.length >= waiting)
          throw new AppError('too_many_requests', { ...because('many_logins'), retryAfter: 1 })
        await new Promise<void>((resolve) => queue.push(resolve))
      }
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}
