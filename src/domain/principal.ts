export type Role = 'user' | 'operator' | 'admin'

/** Who asks. A pull key is read-only, whatever its name. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly name: string; readonly role: Role }
  | { readonly kind: 'key'; readonly name: string }

export const ANONYMOUS: Principal = { kind: 'anonymous' }

/** Names that rules give a meaning of their own: no user may be called like that. */
export const RESERVED_NAMES: readonly string[] = ['*', 'anonymous']

/** A principal as rules, log and audit write it: "anonymous", "alice", "key:NAME". User names hold no colon. */
export function principalName(principal: Principal): string {
  if (principal.kind === 'anonymous') return 'anonymous'
  return principal.kind === 'key' ? `key:${principal.name}` : principal.name
}
