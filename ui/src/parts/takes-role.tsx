import type { Role } from '../session.ts'
import { w } from '../words/words.ts'
import { Empty } from './small.tsx'

/** Stands where somebody came by an address to what others do. */
export function TakesRole({ role }: { readonly role: Role }) {
  return <Empty title={w().common.takesRole[role]} />
}
