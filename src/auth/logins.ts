import { type Clock, DAY } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { createRecent } from '../domain/recent.ts'
import type { Credentials } from './basic.ts'
import type { Account, Accounts } from './htpasswd.ts'
import { createMemory } from './memory.ts'
import { networkOf } from './network.ts'
import { checkPassword } from './passwords.ts'
import type { Throttle } from './throttle.ts'
import { createTurnstile } from './turnstile.ts'

/** bcrypt at once: it runs on the threads that files are read with, which must not all be taken. */
const AT_ONCE = 2
/** After a restart all machines come with their passwords at once. */
const WAITING = 128
/** Names that nobody has here, where anybody may pull: they may take no place of those who wait for an answer. */
const STRANGERS_WAITING = 8

export interface LoginAsk {
  readonly credentials: Credentials
  readonly accounts: Accounts
  readonly address: string
  /** Whether the answer hangs on it; see `Guesser`. */
  readonly isNeeded: boolean
}

export interface Login {
  readonly isRight: boolean
  /** Worth an entry in the audit log: a wrong guess that was not made lately, or the first right one of the day. */
  readonly isFurther: boolean
  /** The account it was meant for; undefined for a name that the file does not have. */
  readonly account: Account | undefined
}

export interface Logins {
  /** Throws AppError `too_many_requests` where this has to wait. */
  check(ask: LoginAsk): Promise<Login>
}

type Checked = Pick<Login, 'isRight' | 'isFurther'>

/** Users at their addresses whose first login of the day is known. */
const MOST_SEEN = 10_000

/** Logins by password: each one hashed once, few at once, wrong ones slowed. */
export function createLogins(clock: Clock, throttle: Throttle, log: Log): Logins {
  const memory = createMemory(clock)
  const turnstile = createTurnstile({ atOnce: AT_ONCE, waiting: WAITING })
  const strangers = createTurnstile({ atOnce: 1, waiting: STRANGERS_WAITING })
  const running = new Map<string, Promise<Checked>>()
  const seen = createRecent<number>(MOST_SEEN)

  const check = async (
    mark: string,
    { credentials, accounts, address, isNeeded }: LoginAsk,
  ): Promise<Checked> => {
    const { name, password } = credentials
    const account = accounts.byName.get(name)
    const attempt = throttle.begin({ address, user: name, isNeeded })
    const isStranger = account === undefined && !isNeeded
    try {
      const gate = isStranger ? strangers : turnstile
      const isRight = await gate.pass(() => checkPassword(account, password, accounts.costliest))
      log.debug({ event: 'password', user: account?.name, isRight }, 'a password was checked')
      memory.keep(mark, isRight ? 'right' : 'wrong')
      if (!isRight) return { isRight, isFurther: attempt.failed(mark) }
      attempt.succeeded()
      return { isRight, isFurther: isFirst(`${networkOf(address)} ${name}`) }
    } catch (error) {
      attempt.dropped()
      // It would have come to nothing anyway.
      if (isStranger && error instanceof AppError) return { isRight: false, isFurther: false }
      throw error
    }
  }

  /** Whether this is the first login of its kind for a day. */
  const isFirst = (who: string): boolean => {
    const before = seen.get(who)
    const now = clock()
    if (before !== undefined && now >= before && now - before < DAY) return false
    seen.put(who, now)
    return true
  }

  return {
    check: async (ask) => {
      const account = ask.accounts.byName.get(ask.credentials.name)
      const mark = memory.markOf(ask.credentials, account?.hash ?? '')
      const known = memory.recall(mark)
      if (known !== undefined) return { isRight: known === 'right', isFurther: false, account }
      const same = running.get(mark)
      if (same !== undefined) return { ...(await same), isFurther: false, account }
      const own = check(mark, ask)
      running.set(mark, own)
      try {
        return { ...(await own), account }
      } finally {
        running.delete(mark)
      }
    },
  }
}
