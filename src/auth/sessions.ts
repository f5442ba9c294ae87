import { unlessTrouble } from '../db/open.ts'
import type { SessionRow, SessionTable } from '../db/sessions.ts'
import { type Clock, DAY, HOUR, MINUTE } from '../domain/clock.ts'
import { markOf } from './account-mark.ts'
import type { Known } from './authenticate.ts'
import { digestOf, newSecret } from './secret.ts'

/** A session that its user did nothing with for that long is over … */
const IDLE = 12 * HOUR
/** … and so is every one at that age. */
export const LONGEST_SESSION = 7 * DAY
/** That it was used is written no more often. */
const SEEN_EVERY = MINUTE
/** A clock that was put back by more makes a session one of the future, which does not count until then. */
const CLOCK_SLACK = 5 * MINUTE
const LONGEST_AGENT = 200

export interface NewSession {
  readonly known: Known
  readonly address: string
  readonly agent: string | undefined
}

/** Logins to the console. They outlive the process, and end with their user or the user's password. */
export interface Sessions {
  /** Returns the secret for the cookie, which is never seen again. */
  open(session: NewSession): Promise<string>
  /**
   * Whose session this is, as they are now; undefined for none, or none any more. What a page does by itself while
   * nobody is at it is no use of it: an open tab keeps no session alive.
   */
  find(secret: string, by?: 'user' | 'page'): Promise<Known | undefined>
  /** Nothing happens where there is none. */
  end(secret: string): Promise<void>
  endAllOf(user: string): Promise<void>
}

/** The part of the index that is needed; after a repair `sessions` is another table, so it is asked for each time. */
export interface SessionIndex {
  readonly sessions: SessionTable
  transact<T>(work: () => T): Promise<T>
}

export interface SessionsOptions {
  readonly index: SessionIndex
  /** Somebody as the file of users has them now. */
  readonly find: (user: string) => Promise<Known | undefined>
  readonly clock: Clock
}

export function createSessions({ index, find, clock }: SessionsOptions): Sessions {
  const remove = (digest: Buffer): Promise<void> => index.transact(() => index.sessions.remove(digest))

  /** A disk that fails ends no session, so what cannot be written is not. */
  const note = ({ hash: digest, seenAt }: SessionRow, now: number): void => {
    if (now - seenAt < SEEN_EVERY) return
    unlessTrouble(() => index.sessions.saw(digest, now))
  }

  return {
    open: async ({ known, address, agent }) => {
      const secret = newSecret()
      const now = clock()
      const row: SessionRow = {
        hash: digestOf(secret),
        user: known.name,
        address,
        agent: agent?.slice(0, LONGEST_AGENT),
        account: markOf(known),
        createdAt: now,
        seenAt: now,
        expiresAt: now + LONGEST_SESSION,
      }
      await index.transact(() => index.sessions.add(row, now - IDLE))
      return secret
    },
    find: async (secret, by = 'user') => {
      const row = index.sessions.find(digestOf(secret))
      const now = clock()
      if (row === undefined || row.createdAt > now + CLOCK_SLACK) return undefined
      const known = isOver(row, now) ? undefined : await find(row.user)
      if (known === undefined || !markOf(known).equals(row.account)) {
        // Should the account come back, its sessions do not.
        await remove(row.hash).catch(() => undefined)
        return undefined
      }
      if (by === 'user') note(row, now)
      return known
    },
    end: (secret) => remove(digestOf(secret)),
    endAllOf: (user) => index.transact(() => index.sessions.removeOf(user)),
  }
}

function isOver({ seenAt, expiresAt }: SessionRow, now: number): boolean {
  return now >= expiresAt || now - seenAt >= IDLE
}
