import { type Clock, MINUTE, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { createRecent } from '../domain/recent.ts'
import { networkOf } from './network.ts'

/** Wrong logins in a row that cost nothing: for one user from one address … */
const FREE_OF_PAIR = 5
/** … and from one address whoever it claims to be: there may be an office behind it. */
const FREE_OF_ADDRESS = 20
const LONGEST_DELAY = 5 * MINUTE
/** … and where anybody may pull, so that a wrong password is no obstacle: machines there go on with old ones. */
const FREE_OF_GUEST = 100
/** Without a wrong login for that long, it begins anew. */
const FORGIVEN_AFTER = 15 * MINUTE
const MOST = 10_000
/**
 * Wrong guesses that are known again: clients that were given a wrong password go on with it for days, and behind one
 * address there may be many of them.
 */
const REMEMBERED = 16
const REMEMBERED_OF_ADDRESS = 256

export interface Attempt {
  /** A guess that was wrong. `guess` names it: one that was made lately is no further guess, then this is false. */
  failed(guess: string): boolean
  succeeded(): void
  /** It came to no end. */
  dropped(): void
}

export interface Guesser {
  readonly address: string
  /** Whom it claims to be; undefined for keys. */
  readonly user: string | undefined
  /**
   * Whether the answer hangs on it. Where it does not, the password is perhaps meant for somebody else, and many
   * machines behind one address may send many of them: then an address may be wrong more often.
   */
  readonly isNeeded: boolean
}

/** Slows those who guess. */
export interface Throttle {
  /**
   * Begins to check a login; end it with one call of the attempt. Throws AppError `too_many_requests` with
   * `retryAfter` where this has to wait.
   */
  begin(guesser: Guesser): Attempt
}

interface Count {
  failures: number
  failedAt: number
  /** Nobody may try again before that. */
  until: number
  /** Attempts that are being checked: each may yet fail. */
  pending: number
  /** The latest wrong ones. */
  guesses: readonly string[]
}

/** Counts failed logins by address (IPv6 by /64) with user, and by address alone. The oldest counts make way. */
export function createThrottle(clock: Clock): Throttle {
  const pairs = createGate(clock, FREE_OF_PAIR, REMEMBERED)
  const addresses = createGate(clock, FREE_OF_ADDRESS, REMEMBERED_OF_ADDRESS)
  const guests = createGate(clock, FREE_OF_GUEST, REMEMBERED_OF_ADDRESS)
  return {
    begin: ({ address, user, isNeeded }) => {
      const network = networkOf(address)
      const ofAddress = (isNeeded ? addresses : guests).enter(network)
      const ofPair = user === undefined ? NOBODY : enterOr(ofAddress, () => pairs.enter(`${network} ${user}`))
      return {
        failed: (guess) => [ofAddress.failed(guess), ofPair.failed(guess)].includes(true),
        // The address is not cleared: whoever has one account could else guess at all the others for ever.
        succeeded: () => {
          ofAddress.dropped()
          ofPair.succeeded()
        },
        dropped: () => {
          ofAddress.dropped()
          ofPair.dropped()
        },
      }
    },
  }
}

const NOBODY: Attempt = { failed: () => false, succeeded: () => undefined, dropped: () => undefined }

function enterOr(first: Attempt, enter: () => Attempt): Attempt {
  try {
    return enter()
  } catch (error) {
    first.dropped()
    throw error
  }
}

function createGate(clock: Clock, free: number, remembered: number) {
  const counts = createRecent<Count>(MOST)
  const fresh = (): Count => ({ failures: 0, failedAt: 0, until: 0, pending: 0, guesses: [] })
  const countOf = (key: string): Count => {
    const known = counts.get(key)
    if (known === undefined) return fresh()
    const now = clock()
    const isOld = now - Math.max(known.failedAt, known.until) > FORGIVEN_AFTER
    if (isOld) Object.assign(known, { ...fresh(), pending: known.pending })
    // A clock that was put back must not lock anybody out for longer than meant.
    known.until = Math.min(known.until, now + LONGEST_DELAY)
    return known
  }
  const fail = (key: string, guess: string): boolean => {
    const count = countOf(key)
    count.pending = Math.max(0, count.pending - 1)
    const isRepeated = count.guesses.includes(guess)
    if (!isRepeated) count.guesses = [...count.guesses, guess].slice(-remembered)
    count.failedAt = clock()
    if (!isRepeated) count.failures++
    if (!isRepeated && count.failures >= free) count.until = clock() + delayOf(count.failures - free)
    counts.put(key, count)
    return !isRepeated
  }
  const leave = (key: string, isRight: boolean): void => {
    const count = counts.get(key)
    if (count === undefined) return
    count.pending = Math.max(0, count.pending - 1)
    if (isRight) Object.assign(count, { ...fresh(), pending: count.pending })
    if (count.pending === 0 && count.failures === 0) counts.remove(key)
  }
  return {
    enter: (key: string): Attempt => {
      const count = countOf(key)
      // Whoever goes on trying stays in the table.
      counts.put(key, count)
      const wait = count.until - clock()
      if (wait > 0) throw tooMany(wait)
      // Guesses that are sent all at once are no cheaper than one after the other.
      if (count.pending >= Math.max(1, free - count.failures)) throw tooMany(SECOND)
      count.pending++
      return {
        failed: (guess) => fail(key, guess),
        succeeded: () => leave(key, true),
        dropped: () => leave(key, false),
      }
    },
  }
}

/** One second, then twice as long each time. */
function delayOf(beyond: number): number {
  return Math.min(LONGEST_DELAY, SECOND * 2 ** Math.min(beyond, 20))
}

function tooMany(wait: number): AppError {
  const retryAfter = Math.ceil(wait / SECOND)
  return new AppError('too_many_requests', { ...because('failed_logins'), retryAfter })
}
