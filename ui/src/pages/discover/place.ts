import { go, query } from '../../router.ts'
import { referenceIn } from './reference.ts'

/** Fields of the address of this page; those that are empty are left out. */
interface Fields {
  readonly q?: string
  readonly repository?: string
  /** A part of the names of tags. */
  readonly tag?: string
  readonly page?: number
}

export function addressOf(fields: Fields): string {
  const next = new URLSearchParams()
  for (const [name, value] of Object.entries(fields))
    if (value !== '' && !(name === 'page' && value === 1)) next.set(name, String(value))
  return next.size === 0 ? '/discover' : `/discover?${next.toString()}`
}

/** The same question, as the address has it, with these fields instead. */
export function asked(changes: Fields): string {
  return addressOf({ ...Object.fromEntries(query.value), ...changes })
}

/** The page that the address names. */
export function pageNumber(): number {
  return Math.max(1, Number.parseInt(query.value.get('page') ?? '1', 10) || 1)
}

/** Words are looked for, images are opened. */
export function ask(text: string): void {
  go(addressOf(referenceIn(text) ?? { q: text }))
}
