import type { Db } from '../open.ts'
import type { Ledger } from './ledger.ts'
import { ledgerOf } from './lists.ts'
import { findRepository } from './tagged.ts'

/** Another repository, and how much of one's own content it has, too. Bytes on disk. */
export interface SharedWith {
  /** "docker.io/library/nginx" */
  readonly name: string
  readonly bytes: number
}

const byId = new WeakMap<Ledger, ReadonlyMap<number, string>>()

/** With which other repositories a repository shares content, those with the most first. */
export function sharedWith(db: Db, ask: { upstream: string; repository: string }): readonly SharedWith[] {
  const { value: ledger } = ledgerOf(db, false)
  const own = findRepository(db, ask)
  if (own === undefined) return []
  const sums = new Map<number, number>()
  for (const { bytes, holders } of ledger.shared) {
    if (!holders.includes(own)) continue
    for (const id of holders) if (id !== own) sums.set(id, (sums.get(id) ?? 0) + bytes)
  }
  const names = namesOf(ledger)
  return Array.from(sums, ([id, bytes]) => ({ name: names.get(id) ?? '', bytes }))
    .filter(({ name }) => name !== '')
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1))
}

function namesOf(ledger: Ledger): ReadonlyMap<number, string> {
  const names = byId.get(ledger) ?? new Map(ledger.repositories.map(({ id, name }) => [id, name]))
  byId.set(ledger, names)
  return names
}
