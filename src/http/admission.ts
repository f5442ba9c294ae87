import { AppError } from '../domain/errors.ts'
import { contains, toBlockList } from './client-address.ts'

/** Who may pull without a login: everybody, nobody, or clients from these networks. */
export type AnonymousPull = 'all' | 'none' | readonly string[]

/** A check that throws AppError `unauthorized` for a client that may not pull. */
export function createAdmission(rule: AnonymousPull): (address: string) => void {
  if (rule === 'all') return () => undefined
  const networks = toBlockList(rule === 'none' ? [] : rule)
  return (address) => {
    if (!contains(networks, address)) throw new AppError('unauthorized')
  }
}
