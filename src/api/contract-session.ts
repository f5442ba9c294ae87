/** Who is logged in, and what logs in: sessions, users, API tokens. Times are milliseconds since the epoch. */
import type { Role } from '../domain/principal.ts'
import type { Nothing } from './contract.ts'

export interface Session {
  /** Undefined: nobody is logged in. */
  readonly user: { readonly name: string; readonly role: Role } | undefined
  /** There is no user yet: whoever has the set-up link makes the first one. */
  readonly canSetUp: boolean
  /** Whether this client may pull without a login. */
  readonly mayPull: boolean
  readonly version: string
  /** What clients of this cache put before a name: public_url, else as this request came. "https://cache.example.com" */
  readonly base: string
}

export interface UserRow {
  readonly name: string
  readonly role: Role
  /** "bcrypt 12", "apr1", "sha". */
  readonly hash: string
  /** The role comes from config.toml and is changed there. */
  readonly isFixed: boolean
}

export interface TokenRow {
  readonly name: string
  readonly user: string
  readonly createdAt: number
  readonly expiresAt: number | undefined
  readonly lastUsedAt: number | undefined
}

export interface SessionApi {
  /** Who is logged in; nobody has to be. */
  'GET /session': { in: Nothing; out: Session }
  /** Logs in: sets the cookie. */
  'POST /session': { in: { user: string; password: string }; out: Session }
  /** Logs out. */
  'DELETE /session': { in: Nothing; out: Session }
  /** Makes the first admin, and logs in. */
  'POST /setup-admin': { in: { token: string; user: string; password: string }; out: Session }
  /** Sets one's own password: all other sessions and all tokens of the user end. */
  'PUT /session/password': { in: { old: string; new: string }; out: Session }
  /** Users, with their roles. */
  'GET /users': { in: Nothing; out: { items: readonly UserRow[] } }
  /** Makes or changes a user; a new one needs a password. */
  'PUT /users': { in: { name: string; password?: string; role?: Role }; out: { items: readonly UserRow[] } }
  /** Removes a user; their sessions and tokens end. */
  'DELETE /users': { in: { name: string }; out: { items: readonly UserRow[] } }
  /** One's own tokens; who asks on this machine has those of everybody, or of `user`. */
  'GET /tokens': { in: { user?: string }; out: { items: readonly TokenRow[] } }
  /** Makes a token: the only answer that ever holds its secret. */
  'PUT /tokens': {
    in: { name: string; user?: string; expiresAt?: number }
    out: { token: TokenRow; secret: string }
  }
  /** Revokes a token. */
  'DELETE /tokens': { in: { name: string; user?: string }; out: { items: readonly TokenRow[] } }
}
