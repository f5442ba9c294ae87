import type { Db } from './open.ts'

/** A pull key without its secret. Times are milliseconds since the epoch. */
export interface PullKey {
  readonly name: string
  readonly createdAt: number
  /** Who made it, as principals are written. */
  readonly createdBy: string
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  readonly lastUsedAt: number | undefined
  /** Requests that came with it. */
  readonly uses: number
}

export interface NewKey {
  /** SHA-256 of the secret. */
  readonly hash: Buffer
  readonly name: string
  readonly by: string
  readonly expiresAt: number | undefined
}

export interface Keys {
  /** False when a key of that name is in force; one that expired makes way. */
  add(key: NewKey, at: number): boolean
  /** Also those that are no longer in force. */
  find(hash: Buffer): PullKey | undefined
  /** Those that are not revoked, by name. */
  list(): readonly PullKey[]
  /** False when there is none of that name. */
  revoke(name: string, at: number): boolean
  /** Notes a use, in memory. */
  note(hash: Buffer, at: number): void
  /** Writes what was noted, in one transaction. Throws when the index cannot be written; nothing is lost then. */
  flush(): void
}

interface Row {
  hash: Buffer
  name: string
  created_at: number
  created_by: string
  expires_at: number | null
  revoked_at: number | null
  last_used_at: number | null
  uses: number
}

interface Noted {
  readonly hash: Buffer
  at: number
  uses: number
}

/** Keys that stand in paths, as hashes of their secrets. */
export function createKeys(db: Db): Keys {
  const replace = db.prepare(
    'UPDATE pull_keys SET revoked_at = @at WHERE name = @name AND revoked_at IS NULL AND expires_at <= @at',
  )
  const insert = db.prepare(
    `INSERT INTO pull_keys (hash, name, created_at, created_by, expires_at)
     VALUES (@hash, @name, @at, @by, @expiresAt) ON CONFLICT DO NOTHING`,
  )
  const find = db.prepare<[Buffer], Row>('SELECT * FROM pull_keys WHERE hash = ?')
  const list = db.prepare<[], Row>('SELECT * FROM pull_keys WHERE revoked_at IS NULL ORDER BY name')
  const revoke = db.prepare('UPDATE pull_keys SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL')
  const use = db.prepare(
    'UPDATE pull_keys SET last_used_at = max(ifnull(last_used_at, 0), @at), uses = uses + @uses WHERE hash = @hash',
  )
  let noted = new Map<string, Noted>()
  const add = (key: NewKey, at: number): boolean => {
    replace.run({ name: key.name, at })
    return insert.run({ ...key, expiresAt: key.expiresAt ?? null, at }).changes > 0
  }
  return {
    // Inside an open transaction this is a part of it.
    add: (key, at) => (db.inTransaction ? add(key, at) : db.transaction(add).immediate(key, at)),
    find: (hash) => toKey(find.get(hash)),
    list: () => list.all().map((row) => keyOf(row)),
    revoke: (name, at) => revoke.run(at, name).changes > 0,
    note: (hash, at) => {
      const id = hash.toString('latin1')
      const known = noted.get(id)
      if (known === undefined) noted.set(id, { hash, at, uses: 1 })
      else {
        known.at = Math.max(known.at, at)
        known.uses++
      }
    },
    flush: () => {
      if (noted.size === 0) return
      const write = (): void => {
        for (const one of noted.values()) use.run(one)
      }
      if (db.inTransaction) write()
      else db.transaction(write).immediate()
      noted = new Map()
    },
  }
}

function toKey(row: Row | undefined): PullKey | undefined {
  return row === undefined ? undefined : keyOf(row)
}

function keyOf(row: Row): PullKey {
  return {
    name: row.name,
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    lastUsedAt: row.last_used_at ?? undefined,
    uses: row.uses,
  }
}

type Carry = (
  reading: { table: string; key: readonly string[]; where: string; input: readonly unknown[] },
  put: (row: Readonly<Record<string, unknown>>) => void,
) => boolean

/**
 * Carries keys over from a damaged index into `db`, which may hold older rows of them. What was revoked in either
 * stays revoked: a key that comes back from an old snapshot would open a door that somebody had shut.
 */
export function carryKeys(db: Db, carry: Carry): void {
  const displace = db.prepare(
    `UPDATE pull_keys SET revoked_at = @created_at WHERE name = @name AND hash <> @hash AND revoked_at IS NULL`,
  )
  const put = db.prepare(
    `INSERT INTO pull_keys VALUES
       (@hash, @name, @created_at, @created_by, @expires_at, @revoked_at, @last_used_at, @uses)
     ON CONFLICT (hash) DO UPDATE SET expires_at = @expires_at, last_used_at = @last_used_at, uses = @uses,
       revoked_at = ifnull(revoked_at, @revoked_at)`,
  )
  const rows: Row[] = []
  carry({ table: 'pull_keys', key: ['hash'], where: '1', input: [] }, (row) => {
    if (isKey(row)) rows.push(row)
  })
  // Revoked ones first: of those in force only one may have a name, and the newer file knows which.
  for (const row of rows.filter(({ revoked_at: at }) => at !== null)) put.run(row)
  for (const row of rows.filter(({ revoked_at: at }) => at === null)) {
    displace.run(row)
    put.run(row)
  }
}

function isKey(row: object): row is Row {
  const isTime = (value: unknown): boolean => Number.isSafeInteger(value)
  const { hash, name, created_at: createdAt, created_by: createdBy, ...rest } = row as Record<string, unknown>
  if (!Buffer.isBuffer(hash) || hash.length !== 32 || typeof name !== 'string') return false
  if (typeof createdBy !== 'string' || !isTime(createdAt) || !isTime(rest['uses'])) return false
  return ['expires_at', 'revoked_at', 'last_used_at'].every((one) => rest[one] === null || isTime(rest[one]))
}
