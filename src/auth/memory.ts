import { createHmac, randomBytes } from 'node:crypto'
import { type Clock, MINUTE, SECOND } from '../domain/clock.ts'
import { createRecent } from '../domain/recent.ts'
import type { Credentials } from './basic.ts'

const RIGHT_FOR = 5 * MINUTE
const WRONG_FOR = 10 * SECOND
const MOST = 10_000

/** What logins came out as, for a while: a pull of 60 blobs is 60 requests with the same password. */
export interface Memory {
  /** Stands for these credentials against this line of the file, and cannot be turned back into them. */
  markOf(credentials: Credentials, hash: string): string
  recall(mark: string): 'right' | 'wrong' | undefined
  keep(mark: string, outcome: 'right' | 'wrong'): void
}

/** The key lives and dies with the process. A line that changes makes other marks, so nothing outlives it. */
export function createMemory(clock: Clock): Memory {
  const key = randomBytes(32)
  // Apart, so that no flood of wrong logins makes the right ones be forgotten.
  const right = createRecent<number>(MOST)
  const wrong = createRecent<number>(MOST)
  const isFresh = (at: number | undefined, span: number): boolean => {
    const age = at === undefined ? Number.POSITIVE_INFINITY : clock() - at
    return age >= 0 && age < span
  }
  return {
    markOf: ({ name, password }, hash) => {
      const mac = createHmac('sha256', key)
      // Lengths in front: no two logins can be written the same way.
      for (const part of [Buffer.from(name), password, Buffer.from(hash)])
        mac.update(`${part.length} `).update(part)
      return mac.digest('base64')
    },
    recall: (mark) => {
      if (isFresh(right.get(mark), RIGHT_FOR)) return 'right'
      return isFresh(wrong.get(mark), WRONG_FOR) ? 'wrong' : undefined
    },
    keep: (mark, outcome) => {
      if (outcome === 'right') right.put(mark, clock())
      else wrong.put(mark, clock())
    },
  }
}
