import type { CheckNote, CheckShape } from '../domain/client-check.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { keptText } from './text.ts'

/** Who made the pull that somebody waited for. */
export interface Sighting {
  readonly at: number
  readonly client: string
  readonly userAgent: string
  readonly upstream: string
  readonly shape: CheckShape
}

/** Pulls that somebody at a page waits for, each by a nonce of its own. In bounded memory; a restart forgets them. */
export interface Checks {
  /**
   * Waits for this nonce from now on; what came with it, if it came. Throws AppError `too_many_requests` where this
   * address asks more often than pages do.
   */
  look(nonce: string, asker: string): Sighting | undefined
  /** A pull came; the first one counts, and only where it is waited for. */
  saw(note: CheckNote, from: { readonly client: string; readonly userAgent: string }): void
}

const MOST = 512
/** So that one address does not push out what others wait for. */
const MOST_OF_ONE = 16
/** Several pages behind one address ask every few seconds each. */
const LOOKS_PER_MINUTE = 300
const LONGEST_AGENT = 256

interface Waiting {
  readonly asker: string
  seen: Sighting | undefined
}

export function createChecks(clock: Clock, most = MOST): Checks {
  // Who was asked for last stands last.
  const waiting = new Map<string, Waiting>()
  const looks = new Map<string, number>()
  let minute = 0

  const charge = (asker: string): void => {
    const at = clock()
    if (at - minute >= MINUTE || at < minute) {
      minute = at
      looks.clear()
    }
    const count = (looks.get(asker) ?? 0) + 1
    if (count > LOOKS_PER_MINUTE)
      throw new AppError('too_many_requests', { retryAfter: (minute + MINUTE - at) / 1000 })
    looks.set(asker, count)
  }
  const makeRoom = (asker: string): void => {
    const own = [...waiting].filter(([, one]) => one.asker === asker)
    const [oldest] = own.length >= MOST_OF_ONE ? own : waiting
    if (oldest !== undefined && (own.length >= MOST_OF_ONE || waiting.size >= most)) waiting.delete(oldest[0])
  }
  return {
    look: (nonce, asker) => {
      charge(asker)
      const known = waiting.get(nonce)
      if (known === undefined) makeRoom(asker)
      waiting.delete(nonce)
      waiting.set(nonce, known ?? { asker, seen: undefined })
      return known?.seen
    },
    saw: ({ nonce, upstream, shape }, { client, userAgent }) => {
      const one = waiting.get(nonce)
      if (one === undefined || one.seen !== undefined) return
      one.seen = { at: clock(), client, userAgent: keptText(userAgent, LONGEST_AGENT), upstream, shape }
    },
  }
}
