export type Role = 'user' | 'operator' | 'admin'

/**
 * Who asks. A pull key is read-only, whatever its name; `local` is who may open the data folder of this machine. A user
 * who came with an API token may be any program, or whoever got hold of it.
 */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'local' }
  | { readonly kind: 'user'; readonly name: string; readonly role: Role; readonly with?: 'token' }
  | { readonly kind: 'key'; readonly name: string }

export const ANONYMOUS: Principal = { kind: 'anonymous' }

export const LOCAL: Principal = { kind: 'local' }

/** Whether somebody may do what takes this role; who owns the data folder may do everything. */
export function hasRole(principal: Principal, role: 'operator' | 'admin'): boolean {
  if (principal.kind === 'local') return true
  if (principal.kind !== 'user') return false
  return principal.role === 'admin' || principal.role === role
}

/** Names that rules give a meaning of their own: no user may be called like that. */
export const RESERVED_NAMES: readonly string[] = ['*', 'anonymous', 'local']

/** A principal as rules, log and audit write it: "anonymous", "alice", "key:NAME". User names hold no colon. */
export function principalName(principal: Principal): string {
  if (principal.kind === 'anonymous' || principal.kind === 'local') return principal.kind
  return principal.kind === 'key' ? `key:${principal.name}` : principal.name
}
