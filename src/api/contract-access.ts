/** Pull keys, and who did what. Times are milliseconds since the epoch. */
import type { Nothing } from './contract.ts'

/** A pull key without its secret. */
export interface KeyRow {
  readonly name: string
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  readonly lastUsedAt: number | undefined
  /** Requests that came with it. */
  readonly uses: number
}

/** One thing that somebody did or tried to. */
export interface AuditRow {
  readonly id: number
  readonly at: number
  /** "anonymous", "alice", "key:NAME", or what acted by itself. */
  readonly who: string
  /** Empty for this machine. */
  readonly address: string
  readonly action: string
  readonly target: string
  /** "ok", "refused", "failed". */
  readonly outcome: string
  readonly detail?: unknown
}

export interface AccessApi {
  /** Pull keys in force, and those that expired but were not taken back. */
  'GET /keys': { in: Nothing; out: { items: readonly KeyRow[] } }
  /** Makes a pull key: the only answer that ever holds its secret. */
  'PUT /keys': { in: { name: string; expiresAt?: number }; out: { key: KeyRow; secret: string } }
  /** Revokes a pull key. */
  'DELETE /keys': { in: { name: string }; out: { items: readonly KeyRow[] } }
  /** Who did what, newest first. */
  'GET /audit': {
    in: { since?: number; limit?: number; cursor?: string }
    out: { items: readonly AuditRow[]; nextCursor: string | undefined }
  }
}
