import type { Path } from './positions.ts'

/**
 * Keys that have no place in the file, by the table they belong to: their values come from a file of their own, which
 * the key with "_file" behind it names, or from the environment.
 */
const SECRET_KEYS: ReadonlyMap<string, string> = new Map([
  ['upstream', 'password'],
  ['go.upstream', 'password'],
  ['github', 'token'],
  ['huggingface', 'token'],
])

/** The secret key of a table, at whatever place of its list. */
export function secretKeyOf(table: Path): string | undefined {
  return SECRET_KEYS.get(table.filter((step) => typeof step === 'string').join('.'))
}
