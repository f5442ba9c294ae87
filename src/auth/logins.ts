import type { Clock } from '../domain/clock.ts'
import type { Credentials } from './basic.ts'
import type { Account, Accounts } from './htpasswd.ts'
import { createMemory } from './memory.ts'
import { checkPassword } from './passwords.ts'
import type { Throttle } from './throttle.ts'
import { createTurnstile } from './turnstile.ts'

/** bcrypt at once: it runs on the threads that files are read with, which must not all be taken. */
const AT_ONCE = 2
const WAITING = 32

export interface LoginAsk {
  readonly credentials: Credentials
  readonly accounts: Accounts
  readonly address: string
  /** Whether the answer hangs on it; see `Guesser`. */
  readonly isNeeded: boolean
}

export interface Login {
  readonly isRight: boolean
  /** False when the answer was remembered, or is that of another request. */
  readonly isFresh: boolean
  /** The account it was meant for; undefined for a name that the file does not have. */
  readonly account: Account | undefined
}

export interface Logins {
  /** Throws AppError `too_many_requests` where this has to wait. */
  check(ask: LoginAsk): Promise<Login>
}

/** Logins by password: each one hashed once, few at once, wrong ones slowed. */
export function createLogins(clock: Clock, throttle: Throttle): Logins {
  const memory = createMemory(clock)
  const turnstile = createTurnstile({ atOnce: AT_ONCE, waiting: WAITING })
  const running = new Map<string, Promise<boolean>>()

  const check = async (
    mark: string,
    { credentials, accounts, address, isNeeded }: LoginAsk,
  ): Promise<boolean> => {
    const { name, password } = credentials
    const attempt = throttle.begin({ address, user: name, isNeeded })
    try {
      const account = accounts.byName.get(name)
      const isRight = await turnstile.pass(() => checkPassword(account, password, accounts.costliest))
      memory.keep(mark, isRight ? 'right' : 'wrong')
      if (isRight) attempt.succeeded()
      else attempt.failed(mark)
      return isRight
    } catch (error) {
      attempt.dropped()
      throw error
    }
  }

  return {
    check: async (ask) => {
      const account = ask.accounts.byName.get(ask.credentials.name)
      const mark = memory.markOf(ask.credentials, account?.hash ?? '')
      const known = memory.recall(mark)
      if (known !== undefined) return { isRight: known === 'right', isFresh: false, account }
      const same = running.get(mark)
      if (same !== undefined) return { isRight: await same, isFresh: false, account }
      const own = check(mark, ask)
      running.set(mark, own)
      try {
        return { isRight: await own, isFresh: true, account }
      } finally {
        running.delete(mark)
      }
    },
  }
}
