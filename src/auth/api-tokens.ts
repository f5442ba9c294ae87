import { unlessTrouble } from '../db/open.ts'
import type { ApiToken, TokenTable } from '../db/tokens.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { markOf } from './account-mark.ts'
import type { Known } from './authenticate.ts'
import { digestOf, isSecret, newSecret } from './secret.ts'

/** So that people and scanners of secrets know it when they see it. */
const PREFIX = 'ct_'
const MOST_OF_USER = 100
/** That it was used is written no more often. */
const USED_EVERY = MINUTE

export type FoundToken =
  | { readonly kind: 'valid'; readonly known: Known; readonly name: string }
  | {
      readonly kind: 'refused'
      readonly why: 'unknown' | 'revoked' | 'expired' | 'without its user'
      readonly token?: Pick<ApiToken, 'user' | 'name'>
    }

export interface NewApiToken {
  readonly user: string
  readonly name: string
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresAt: number | undefined
}

/**
 * What programs log in with in the name of a user, whose role counts at the time of use. They end with their user and
 * with the password their user had, whoever changes the file of users by whatever means: who has that name later may be
 * somebody else, and a new password is there to keep everybody else out.
 */
export interface ApiTokens {
  /**
   * The secret is never seen again. Throws AppError `bad_request` for a bad name or one that is taken, and `not_found`
   * where nobody can log in as that user.
   */
  create(token: NewApiToken): Promise<{ readonly token: ApiToken; readonly secret: string }>
  /** Of this moment on it is refused. Throws AppError `not_found`. */
  revoke(user: string, name: string): Promise<void>
  /** They are in force no more as soon as the account is another one; this takes them out of the table, too. */
  revokeAllOf(user: string): Promise<void>
  /** Those of a user, or of all, by name; expired ones too, but none of an account that is no more. */
  list(user?: string): Promise<readonly ApiToken[]>
  /** Whose it is, as they are now; a valid one is noted as used. */
  find(secret: string): Promise<FoundToken>
}

/** The part of the index that is needed; after a repair `tokens` is another table, so it is asked for each time. */
export interface TokenIndex {
  readonly tokens: TokenTable
  transact<T>(work: () => T): Promise<T>
}

export interface ApiTokensOptions {
  readonly index: TokenIndex
  /** Somebody as the file of users has them now. */
  readonly find: (user: string) => Promise<Known | undefined>
  readonly clock: Clock
}

export function createApiTokens({ index, find, clock }: ApiTokensOptions): ApiTokens {
  /** A disk that fails refuses no token, so what cannot be written is not. */
  const note = (digest: Buffer, { lastUsedAt = Number.NEGATIVE_INFINITY }: ApiToken, now: number): void => {
    if (now - lastUsedAt < USED_EVERY) return
    unlessTrouble(() => index.tokens.used(digest, now))
  }
  const ownerOf = async ({ user, account }: ApiToken): Promise<Known | undefined> => {
    const known = await find(user)
    return known !== undefined && markOf(known).equals(account) ? known : undefined
  }
  const list = async (user?: string): Promise<readonly ApiToken[]> => {
    const tokens = index.tokens.list(user)
    const owners = await Promise.all(tokens.map(ownerOf))
    return tokens.filter((_, i) => owners[i] !== undefined)
  }
  return {
    create: async (wanted) => {
      const now = clock()
      requireGood(wanted, now)
      const known = await find(wanted.user)
      if (known === undefined) throw new AppError('not_found', because('user_unknown', { name: wanted.user }))
      if ((await list(wanted.user)).length >= MOST_OF_USER)
        throw new AppError('bad_request', because('token_most', { most: MOST_OF_USER }))
      const secret = PREFIX + newSecret()
      const digest = digestOf(secret)
      const row = { hash: digest, ...wanted, account: markOf(known) }
      const isNew = await index.transact(() => index.tokens.add(row, now))
      const token = isNew ? index.tokens.find(digest) : undefined
      if (token === undefined)
        throw new AppError('bad_request', because('token_taken', { name: wanted.name, user: wanted.user }))
      return { token, secret }
    },
    revoke: async (user, name) => {
      const isGone = await index.transact(() => index.tokens.revoke({ user, name }, clock()))
      if (!isGone) throw new AppError('not_found', because('token_unknown', { user, name }))
    },
    revokeAllOf: (user) => index.transact(() => index.tokens.revokeOf(user, clock())),
    list,
    find: async (secret) => {
      const isToken = secret.startsWith(PREFIX) && isSecret(secret.slice(PREFIX.length))
      const digest = digestOf(secret)
      const token = isToken ? index.tokens.find(digest) : undefined
      if (token === undefined) return { kind: 'refused', why: 'unknown' }
      const { name, revokedAt, expiresAt } = token
      if (revokedAt !== undefined) return { kind: 'refused', why: 'revoked', token }
      const now = clock()
      if (expiresAt !== undefined && expiresAt <= now) return { kind: 'refused', why: 'expired', token }
      const known = await ownerOf(token)
      if (known === undefined) return { kind: 'refused', why: 'without its user', token }
      note(digest, token, now)
      return { kind: 'valid', known, name }
    },
  }
}

function requireGood({ name, expiresAt }: NewApiToken, now: number): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) throw new AppError('bad_request', because('token_name'))
  if (expiresAt !== undefined && expiresAt <= now) throw new AppError('bad_request', because('token_over'))
}
