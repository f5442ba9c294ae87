import { type Clock, SECOND } from '../domain/clock.ts'

/** So many at once, after that so many as come back with time. */
export interface Bucket {
  readonly isEmpty: () => boolean
  readonly take: () => void
}

/** A full bucket: `burst` at once, one more every `every` ms. A clock that was set back fills nothing and takes nothing. */
export function createBucket(clock: Clock, { burst, every }: { burst: number; every: number }): Bucket {
  let left = burst
  let at = clock()
  const fill = (): void => {
    const now = clock()
    left = Math.min(burst, left + Math.max(0, now - at) / every)
    at = now
  }
  return {
    isEmpty: () => {
      fill()
      return left < 1
    },
    take: () => {
      fill()
      left = Math.max(0, left - 1)
    },
  }
}

/** Questions to Docker Hub: 60 a minute, 20 of them at once. */
export const QUESTIONS = { burst: 20, every: SECOND }
