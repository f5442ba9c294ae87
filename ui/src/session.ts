import { signal } from '@preact/signals'
import type { Session } from '../../src/api/contract-session.ts'
import { ask, onUnauthorized } from './api.ts'

/** Who is logged in; undefined until the server has said. */
export const session = signal<Session | undefined>(undefined)

/** Asks who is logged in. Rejects with Failure. */
export async function loadSession(): Promise<void> {
  session.value = await ask('GET /session', {})
}

/** Throws Failure for a wrong password. */
export async function logIn(user: string, password: string): Promise<void> {
  session.value = await ask('POST /session', { user, password })
}

export async function logOut(): Promise<void> {
  session.value = await ask('DELETE /session', {})
}

const RANK = { user: 0, operator: 1, admin: 2 } as const
export type Role = keyof typeof RANK

/** Whether whoever is logged in has at least this role. */
export function may(role: Role): boolean {
  const user = session.value?.user
  return user !== undefined && RANK[user.role] >= RANK[role]
}

// A session that ended elsewhere: the page asks for a login where it stands.
onUnauthorized.call = () => {
  const now = session.peek()
  if (now?.user !== undefined) session.value = { ...now, user: undefined }
}
