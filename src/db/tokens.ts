import { DAY } from '../domain/clock.ts'
import type { Db } from './open.ts'

/** Revoked ones are kept for longer than any snapshot, which they must not come back from. */
const REVOKED_KEPT = 90 * DAY

/** An API token without its secret. Times are milliseconds since the epoch. */
export interface ApiToken {
  /** Its own among those of the user that are in force. */
  readonly name: string
  readonly user: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  /** Exact to a minute. */
  readonly lastUsedAt: number | undefined
  /** Stands for what the user's account was when it was made. */
  readonly account: Buffer
}

export interface NewToken {
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  readonly name: string
  readonly user: string
  readonly expiresAt: number | undefined
  readonly account: Buffer
}

export interface TokenTable {
  /**
   * False when the user has one of that name in force; one that expired, or was another account's, makes way. Call it in
   * a transaction.
   */
  add(token: NewToken, at: number): boolean
  /** Also those that are no longer in force. */
  find(hash: Buffer): ApiToken | undefined
  /** Those of one user, or of all, that are not revoked, by user and name. */
  list(user?: string): readonly ApiToken[]
  used(hash: Buffer, at: number): void
  /** False when the user has none of that name. */
  revoke(token: { readonly user: string; readonly name: string }, at: number): boolean
  revokeOf(user: string, at: number): void
}

interface Row {
  hash: Buffer
  user: string
  name: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  account: Buffer
}

/** What programs log in with to the API, as hashes of the secrets. */
export function createTokenTable(db: Db): TokenTable {
  const trim = db.prepare('DELETE FROM api_tokens WHERE revoked_at < ?')
  const replace = db.prepare(
    `UPDATE api_tokens SET revoked_at = @at
     WHERE user = @user AND name = @name AND revoked_at IS NULL AND (expires_at <= @at OR account <> @account)`,
  )
  const insert = db.prepare(
    `INSERT INTO api_tokens (hash, user, name, created_at, expires_at, account)
     VALUES (@hash, @user, @name, @at, @expiresAt, @account) ON CONFLICT DO NOTHING`,
  )
  const find = db.prepare<[Buffer], Row>('SELECT * FROM api_tokens WHERE hash = ?')
  const listOf = db.prepare<[string], Row>(
    'SELECT * FROM api_tokens WHERE user = ? AND revoked_at IS NULL ORDER BY name',
  )
  const list = db.prepare<[], Row>('SELECT * FROM api_tokens WHERE revoked_at IS NULL ORDER BY user, name')
  const used = db.prepare(
    'UPDATE api_tokens SET last_used_at = max(ifnull(last_used_at, 0), ?) WHERE hash = ?',
  )
  const revoke = db.prepare(
    'UPDATE api_tokens SET revoked_at = @at WHERE user = @user AND name = @name AND revoked_at IS NULL',
  )
  const revokeOf = db.prepare('UPDATE api_tokens SET revoked_at = ? WHERE user = ? AND revoked_at IS NULL')
  return {
    add: (token, at) => {
      trim.run(at - REVOKED_KEPT)
      replace.run({ user: token.user, name: token.name, account: token.account, at })
      return insert.run({ ...token, expiresAt: token.expiresAt ?? null, at }).changes > 0
    },
    find: (hash) => {
      const row = find.get(hash)
      return row === undefined ? undefined : tokenOf(row)
    },
    list: (user) => (user === undefined ? list.all() : listOf.all(user)).map(tokenOf),
    used: (hash, at) => void used.run(at, hash),
    revoke: (token, at) => revoke.run({ ...token, at }).changes > 0,
    revokeOf: (user, at) => void revokeOf.run(at, user),
  }
}

function tokenOf(row: Row): ApiToken {
  return {
    name: row.name,
    user: row.user,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    account: row.account,
  }
}

type Carry = (
  reading: { table: string; key: readonly string[]; where: string; input: readonly unknown[] },
  put: (row: Readonly<Record<string, unknown>>) => void,
) => boolean

/** Carries tokens over from a damaged index into `db`, as `carryKeys` does: what was revoked in either stays revoked. */
export function carryTokens(db: Db, carry: Carry): void {
  const displace = db.prepare(
    `UPDATE api_tokens SET revoked_at = @created_at
     WHERE user = @user AND name = @name AND hash <> @hash AND revoked_at IS NULL`,
  )
  const put = db.prepare(
    `INSERT INTO api_tokens
     VALUES (@hash, @user, @name, @created_at, @expires_at, @revoked_at, @last_used_at, @account)
     ON CONFLICT (hash) DO UPDATE SET expires_at = @expires_at, last_used_at = @last_used_at,
       revoked_at = ifnull(revoked_at, @revoked_at)`,
  )
  const rows: Row[] = []
  carry({ table: 'api_tokens', key: ['hash'], where: '1', input: [] }, (row) => {
    // An index of before had no accounts: such a token is in force no more, but may have been revoked.
    const whole = { account: Buffer.alloc(0), ...row }
    if (isToken(whole)) rows.push(whole)
  })
  // Revoked ones first: of those in force only one may have a name, and the newer file knows which.
  for (const row of rows.filter(({ revoked_at: at }) => at !== null)) put.run(row)
  for (const row of rows.filter(({ revoked_at: at }) => at === null)) {
    displace.run(row)
    put.run(row)
  }
}

function isToken(row: object): row is Row {
  const { hash, user, name, created_at: createdAt, ...rest } = row as Record<string, unknown> // looked at below
  if (!Buffer.isBuffer(hash) || hash.length !== 32 || !Number.isSafeInteger(createdAt)) return false
  if (typeof user !== 'string' || typeof name !== 'string' || !Buffer.isBuffer(rest['account'])) return false
  const times = [rest['expires_at'], rest['revoked_at'], rest['last_used_at']]
  return times.every((time) => time === null || Number.isSafeInteger(time))
}
