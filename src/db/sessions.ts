import type { Db } from './open.ts'

/** Sessions of one user that are kept; a program that logs in again and again ends its oldest ones. */
const MOST_OF_USER = 50

/** A login to the console. Times are milliseconds since the epoch. */
export interface SessionRow {
  /** SHA-256 of the cookie. */
  readonly hash: Buffer
  readonly user: string
  /** Where from, and by which program. */
  readonly address: string
  readonly agent: string | undefined
  /** Stands for what the user's account was when it began. */
  readonly account: Buffer
  readonly createdAt: number
  /** Exact to a minute. */
  readonly seenAt: number
  readonly expiresAt: number
}

export interface SessionTable {
  /** Forgets those that are over too: expired, or not seen since `seenAfter`. */
  add(row: SessionRow, seenAfter: number): void
  find(hash: Buffer): SessionRow | undefined
  saw(hash: Buffer, at: number): void
  remove(hash: Buffer): void
  removeOf(user: string): void
}

interface Row extends Omit<SessionRow, 'agent' | 'createdAt' | 'seenAt' | 'expiresAt'> {
  readonly agent: string | null
  readonly created_at: number
  readonly seen_at: number
  readonly expires_at: number
}

/** Who is logged in to the console, as hashes of their cookies. */
export function createSessionTable(db: Db): SessionTable {
  const insert = db.prepare(
    `INSERT INTO sessions (hash, user, address, agent, account, created_at, seen_at, expires_at)
     VALUES (@hash, @user, @address, @agent, @account, @createdAt, @seenAt, @expiresAt)`,
  )
  const trim = db.prepare('DELETE FROM sessions WHERE expires_at <= @now OR seen_at <= @seenAfter')
  const displace = db.prepare(
    `DELETE FROM sessions WHERE hash IN
       (SELECT hash FROM sessions WHERE user = ? ORDER BY created_at DESC LIMIT -1 OFFSET ${MOST_OF_USER})`,
  )
  const find = db.prepare<[Buffer], Row>('SELECT * FROM sessions WHERE hash = ?')
  const saw = db.prepare('UPDATE sessions SET seen_at = max(seen_at, ?) WHERE hash = ?')
  const remove = db.prepare('DELETE FROM sessions WHERE hash = ?')
  const removeOf = db.prepare('DELETE FROM sessions WHERE user = ?')
  return {
    add: (row, seenAfter) => {
      trim.run({ now: row.createdAt, seenAfter })
      insert.run({ ...row, agent: row.agent ?? null })
      displace.run(row.user)
    },
    find: (hash) => {
      const row = find.get(hash)
      return row === undefined ? undefined : sessionOf(row)
    },
    saw: (hash, at) => void saw.run(at, hash),
    remove: (hash) => void remove.run(hash),
    removeOf: (user) => void removeOf.run(user),
  }
}

function sessionOf({
  created_at: createdAt,
  seen_at: seenAt,
  expires_at: expiresAt,
  ...row
}: Row): SessionRow {
  return { ...row, agent: row.agent ?? undefined, createdAt, seenAt, expiresAt }
}

/** After a repair: a session of the snapshot may have been ended since, and logging in again costs little. */
export function endSessions(db: Db): void {
  db.exec('DELETE FROM sessions')
}
