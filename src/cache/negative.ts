import type { Clock } from '../domain/clock.ts'
import type { AppError } from '../domain/errors.ts'

export interface Negative {
  find(key: string): AppError | undefined
  add(key: string, error: AppError): void
  forget(key: string): void
}

/** A short, bounded memory of what an upstream does not have, so that repeated questions cost nothing there. */
export function createNegative(clock: Clock, ttl: () => number, most = 10_000): Negative {
  const known = new Map<string, { error: AppError; until: number }>()
  return {
    find: (key) => {
      const memory = known.get(key)
      if (memory === undefined) return undefined
      if (clock() < memory.until) return memory.error
      known.delete(key)
      return undefined
    },
    add: (key, error) => {
      const [oldest] = known.keys()
      if (known.size >= most && oldest !== undefined) known.delete(oldest)
      known.delete(key)
      known.set(key, { error, until: clock() + ttl() })
    },
    forget: (key) => void known.delete(key),
  }
}
