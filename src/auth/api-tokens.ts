import type { ApiToken, TokenTable } from '../db/tokens.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { digestOf, isSecret, newSecret } from './secret.ts'
import { unlessTrouble } from './trouble.ts'

/** So that people and scanners of secrets know it when they see it. */
const PREFIX = 'ct_'
const MOST_OF_USER = 100
/** That it was used is written no more often. */
const USED_EVERY = MINUTE

export type FoundToken =
  | { readonly kind: 'valid'; readonly user: string; readonly name: string }
  | {
      readonly kind: 'refused'
      readonly why: 'unknown' | 'revoked' | 'expired'
      readonly token?: Pick<ApiToken, 'user' | 'name'>
    }

export interface NewApiToken {
  readonly user: string
  readonly name: string
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresAt: number | undefined
}

/** What programs log in with in the name of a user, whose role counts at the time of use. */
export interface ApiTokens {
  /** The secret is never seen again. Throws AppError `bad_request` for a bad name or one that is taken. */
  create(token: NewApiToken): Promise<{ readonly token: ApiToken; readonly secret: string }>
  /** Of this moment on it is refused. Throws AppError `not_found`. */
  revoke(user: string, name: string): Promise<void>
  /** Before somebody else gets that name. */
  revokeAllOf(user: string): Promise<void>
  /** By name; expired ones too. */
  listOf(user: string): readonly ApiToken[]
  /** Whose it is; a valid one is noted as used. */
  find(secret: string): FoundToken
}

/** The part of the index that is needed; after a repair `tokens` is another table, so it is asked for each time. */
export interface TokenIndex {
  readonly tokens: TokenTable
  transact<T>(work: () => T): Promise<T>
}

export function createApiTokens(index: TokenIndex, clock: Clock): ApiTokens {
  /** A disk that fails refuses no token, so what cannot be written is not. */
  const note = (digest: Buffer, { lastUsedAt = Number.NEGATIVE_INFINITY }: ApiToken, now: number): void => {
    if (now - lastUsedAt < USED_EVERY) return
    unlessTrouble(() => index.tokens.used(digest, now))
  }
  return {
    create: async (wanted) => {
      const now = clock()
      requireGood(wanted, now)
      if (index.tokens.listOf(wanted.user).length >= MOST_OF_USER)
        throw new AppError('bad_request', { message: `nobody may have more than ${MOST_OF_USER} tokens` })
      const secret = PREFIX + newSecret()
      const digest = digestOf(secret)
      const isNew = await index.transact(() => index.tokens.add({ hash: digest, ...wanted }, now))
      const token = isNew ? index.tokens.find(digest) : undefined
      if (token === undefined)
        throw new AppError('bad_request', { message: `you have a token "${wanted.name}" already` })
      return { token, secret }
    },
    revoke: async (user, name) => {
      const isGone = await index.transact(() => index.tokens.revoke({ user, name }, clock()))
      if (!isGone) throw new AppError('not_found', { message: `you have no token "${name}"` })
    },
    revokeAllOf: (user) => index.transact(() => index.tokens.revokeOf(user, clock())),
    listOf: (user) => index.tokens.listOf(user),
    find: (secret) => {
      const isToken = secret.startsWith(PREFIX) && isSecret(secret.slice(PREFIX.length))
      const digest = digestOf(secret)
      const token = isToken ? index.tokens.find(digest) : undefined
      if (token === undefined) return { kind: 'refused', why: 'unknown' }
      const { user, name, revokedAt, expiresAt } = token
      if (revokedAt !== undefined) return { kind: 'refused', why: 'revoked', token }
      const now = clock()
      if (expiresAt !== undefined && expiresAt <= now) return { kind: 'refused', why: 'expired', token }
      note(digest, token, now)
      return { kind: 'valid', user, name }
    },
  }
}

function requireGood({ name, expiresAt }: NewApiToken, now: number): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) {
    const message = 'the name of a token is up to 64 letters, digits, dots, dashes and underscores'
    throw new AppError('bad_request', { message })
  }
  if (expiresAt !== undefined && expiresAt <= now)
    throw new AppError('bad_request', { message: 'the token would have expired already' })
}
