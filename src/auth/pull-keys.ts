import type { Keys, PullKey } from '../db/keys.ts'
import { isStorageTrouble } from '../db/open.ts'
import { type Clock, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { createRecent } from '../domain/recent.ts'
import { isKey, newKey } from './key-text.ts'
import { digestOf } from './secret.ts'

/** For that long a key counts as it was read last: another process may have revoked it. */
const REMEMBERED = SECOND
const MOST_REMEMBERED = 10_000

export type Found =
  | { readonly kind: 'valid'; readonly name: string }
  | { readonly kind: 'refused'; readonly why: 'unknown' | 'revoked' | 'expired'; readonly name?: string }

export interface NewPullKey {
  readonly name: string
  /** Who makes it, as principals are written. */
  readonly by: string
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresAt: number | undefined
}

/** Keys that clients have in their paths. */
export interface PullKeys {
  /** The secret is never seen again. Throws AppError `bad_request` for a bad name or one that is taken. */
  create(key: NewPullKey): Promise<{ readonly key: PullKey; readonly secret: string }>
  /** Of this moment on it is refused. Throws AppError `not_found`. */
  revoke(name: string): Promise<void>
  /** By name; expired ones too. */
  list(): readonly PullKey[]
  /** What the secret opens; a valid one is noted as used. */
  find(secret: string): Found
}

/** The part of the index that is needed; after a repair `keys` is another table, so it is asked for each time. */
export interface KeyIndex {
  readonly keys: Keys
  transact<T>(work: () => T): Promise<T>
}

interface Remembered {
  readonly key: PullKey
  readonly readAt: number
}

export function createPullKeys(index: KeyIndex, clock: Clock): PullKeys {
  const remembered = createRecent<Remembered>(MOST_REMEMBERED)

  const read = (digest: Buffer): PullKey | undefined => {
    const id = digest.toString('latin1')
    const known = remembered.get(id)
    const age = known === undefined ? Number.NaN : clock() - known.readAt
    if (known !== undefined && age >= 0 && age < REMEMBERED) return known.key
    try {
      const key = index.keys.find(digest)
      if (key !== undefined) remembered.put(id, { key, readAt: clock() })
      return key
    } catch (error) {
      // A disk that fails costs no pull: the key was good a moment ago.
      if (known === undefined || !isStorageTrouble(error)) throw error
      return known.key
    }
  }

  return {
    create: async ({ name, by, expiresAt }) => {
      requireName(name)
      const now = clock()
      if (expiresAt !== undefined && expiresAt <= now) throw new AppError('bad_request', because('key_over'))
      const secret = newKey()
      const digest = digestOf(secret)
      const isNew = await index.transact(() => index.keys.add({ hash: digest, name, by, expiresAt }, now))
      // It may have taken the place of one that expired.
      remembered.clear()
      const key = isNew ? index.keys.find(digest) : undefined
      if (key === undefined) throw new AppError('bad_request', because('key_taken', { name }))
      return { key, secret }
    },
    revoke: async (name) => {
      const isGone = await index.transact(() => index.keys.revoke(name, clock()))
      if (!isGone) throw new AppError('not_found', because('key_unknown', { name }))
      remembered.clear()
    },
    list: () => index.keys.list(),
    find: (secret) => {
      const digest = isKey(secret) ? digestOf(secret) : undefined
      const key = digest === undefined ? undefined : read(digest)
      if (digest === undefined || key === undefined) return { kind: 'refused', why: 'unknown' }
      const { name, revokedAt, expiresAt } = key
      if (revokedAt !== undefined) return { kind: 'refused', why: 'revoked', name }
      if (expiresAt !== undefined && expiresAt <= clock()) return { kind: 'refused', why: 'expired', name }
      index.keys.note(digest, clock())
      return { kind: 'valid', name }
    },
  }
}

function requireName(name: string): void {
  if (/^[a-z0-9][a-z0-9._-]{0,63}$/i.test(name)) return
  throw new AppError('bad_request', because('key_name'))
}
