import { contains, toBlockList } from './client-address.ts'

/** Who may pull without a login: everybody, nobody, or clients from these networks. */
export type AnonymousPull = 'all' | 'none' | readonly string[]

/** Whether a client at this address may pull without a login. */
export type Admission = (address: string) => boolean

export function createAdmission(rule: AnonymousPull): Admission {
  if (rule === 'all') return () => true
  const networks = toBlockList(rule === 'none' ? [] : rule)
  return (address) => contains(networks, address)
}
