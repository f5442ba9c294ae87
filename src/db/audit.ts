import { DAY } from '../domain/clock.ts'
import type { Db } from './open.ts'

/** How long rows are kept. */
export const AUDIT_KEPT = 180 * DAY
/** Rows that are kept at most, so that somebody who guesses passwords for months does not fill the disk. */
const MOST = 500_000
/** Rows between two looks for old ones. */
const BETWEEN_TRIMS = 256

/** One thing that somebody did or tried to. `at` is milliseconds since the epoch. */
export interface Audited {
  readonly at: number
  /** "anonymous", "alice", "key:NAME", or what acted by itself. */
  readonly who: string
  /** Where from; empty for this machine. */
  readonly address: string
  /** "login", "key.add", "remove", "config.reload". */
  readonly action: string
  readonly target: string
  /** "ok", "refused", "failed". */
  readonly outcome: string
  /** What else is worth knowing, free of secrets. */
  readonly detail: unknown
}

export interface AuditRow extends Audited {
  readonly id: number
}

export interface AuditAsk {
  /** Only what happened since. */
  readonly since: number
  /** Only rows with a smaller id. */
  readonly before: number | undefined
  readonly limit: number
}

export interface AuditTable {
  /** All or none. Throws when the index cannot be written. */
  add(rows: readonly Audited[]): void
  /** Newest first. */
  list(ask: AuditAsk): readonly AuditRow[]
}

interface Row extends Omit<Audited, 'detail'> {
  readonly id: number
  readonly detail: string | null
}

/** Who did what from where, and how it ended. */
export function createAudit(db: Db): AuditTable {
  const insert = db.prepare(
    `INSERT INTO audit (at, who, address, action, target, outcome, detail)
     VALUES (@at, @who, @address, @action, @target, @outcome, @detail)`,
  )
  const trim = db.prepare(
    `DELETE FROM audit WHERE at < @oldest OR id <= (SELECT max(id) FROM audit) - ${MOST}`,
  )
  const list = db.prepare<object, Row>(
    'SELECT * FROM audit WHERE at >= @since AND id < @before ORDER BY id DESC LIMIT @limit',
  )
  let untilTrim = 0
  return {
    add: (rows) => {
      const write = (): void => {
        for (const row of rows) insert.run({ ...row, detail: detailOf(row) })
        untilTrim -= rows.length
        const newest = Math.max(...rows.map(({ at }) => at))
        if (untilTrim <= 0) trim.run({ oldest: newest - AUDIT_KEPT })
      }
      if (rows.length === 0) return
      if (db.inTransaction) write()
      else db.transaction(write).immediate()
      if (untilTrim <= 0) untilTrim = BETWEEN_TRIMS
    },
    list: ({ since, before, limit }) =>
      list
        .all({ since, before: before ?? Number.MAX_SAFE_INTEGER, limit })
        .map((row) => ({ ...row, detail: row.detail === null ? undefined : JSON.parse(row.detail) })),
  }
}

function detailOf({ detail }: Audited): string | null {
  return detail === undefined ? null : JSON.stringify(detail)
}

type Carry = (
  reading: { table: string; key: readonly string[]; where: string; input: readonly unknown[] },
  put: (row: Readonly<Record<string, unknown>>) => void,
) => boolean

const TEXTS = ['who', 'address', 'action', 'target', 'outcome'] as const

/** Carries rows over from a damaged index into `db`, which may hold older ones of them. */
export function carryAudit(db: Db, carry: Carry): void {
  const put = db.prepare(
    `INSERT OR IGNORE INTO audit VALUES (@id, @at, @who, @address, @action, @target, @outcome, @detail)`,
  )
  carry({ table: 'audit', key: ['id'], where: '1', input: [] }, (row) => {
    const isWhole = Number.isSafeInteger(row['id']) && Number.isSafeInteger(row['at'])
    // What it told besides may be broken; that it happened is worth more.
    if (isWhole && TEXTS.every((name) => typeof row[name] === 'string')) put.run({ ...row, detail: null })
  })
}
