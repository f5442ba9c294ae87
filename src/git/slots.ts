import { AppError } from '../domain/errors.ts'

/** So many at one time; others wait a while. */
export interface Slots {
  /** Resolves with what gives the slot back. Rejects with AppError `too_many_requests`. */
  take(): Promise<() => void>
}

export function createSlots(most: number, patience: number): Slots {
  let free = most
  const waiting: (() => void)[] = []

  const give = (): (() => void) => {
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }

  return {
    take: async () => {
      if (free > 0) {
        free--
        return give()
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(resolve), 1)
        reject(new AppError('too_many_requests', { message: 'too many clones at once', retryAfter: 10 }))
      }, patience)
      waiting.push(resolve)
      await promise
      clearTimeout(timer)
      return give()
    },
  }
}
