import { isDeepStrictEqual } from 'node:util'
import { keyAt, TABLES, type Table } from './keys.ts'
import type { Path } from './positions.ts'
import type { Finding } from './source.ts'
import { type Tree, valueAt } from './tree.ts'

/**
 * Keys and whole tables that nothing reads yet. A value other than the default would promise what does not happen,
 * so it is refused. Whoever builds one of them deletes its line.
 */
const NOT_YET: readonly string[] = [
  'auth.htpasswd',
  'auth.realm',
  'auth.admins',
  'auth.operators',
  'rule',
  'limits.requests',
  'limits.allow',
  'limits.deny',
]

/** Values that say "off", which is what this version does: they hold, whatever the default is. */
const OFF: Readonly<Record<string, string>> = { 'limits.requests': '0' }

/** Values of the tree that would have no effect in this version. */
export function unavailableIn(tree: Tree): Finding[] {
  const message = 'is not available in this version yet: remove it'
  return TABLES.flatMap((table) => {
    const places = placesOf(table, tree)
    if (table.many && isNotYet(table.path)) return places.map((path) => ({ path, message }))
    const keys = [...table.keys.keys()].filter((key) => isNotYet([...table.path, key]))
    const paths = places.flatMap((place) => keys.map((key) => [...place, key]))
    return paths.filter((path) => isChanged(tree, path)).map((path) => ({ path, message }))
  })
}

function isNotYet(names: readonly string[]): boolean {
  const name = names.join('.')
  return NOT_YET.some((entry) => name === entry || name.startsWith(`${entry}.`))
}

function placesOf(table: Table, tree: Tree): readonly Path[] {
  if (!table.many) return [table.path]
  const list = valueAt(tree, table.path)
  return Array.isArray(list) ? list.map((_, index) => [...table.path, index]) : []
}

function isChanged(tree: Tree, path: Path): boolean {
  const value = valueAt(tree, path)
  const name = path.join('.')
  if (Object.hasOwn(OFF, name) && value === OFF[name]) return false
  return value !== undefined && !isDeepStrictEqual(value, keyAt(path)?.fallback)
}
