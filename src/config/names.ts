import type { Path } from './positions.ts'
import { secretKeyOf } from './secret-keys.ts'
import { isTree } from './tree.ts'

/** "docker.io" as it stands in names of variables: DOCKER_IO. */
export function variableName(name: unknown): string {
  return typeof name === 'string' ? name.toUpperCase().replace(/[^A-Z0-9]/g, '_') : 'NAME'
}

/** What an upstream is called that may be called by its host; undefined where it says neither. */
export function nameOrHost(name: unknown, url: unknown): string | undefined {
  if (typeof name === 'string' && name !== '') return name.toLowerCase()
  return (typeof url === 'string' ? URL.parse(url)?.host : undefined) || undefined
}

/** Lists of tables that have names, and so variables: the name of one of their tables. */
export function nameIn(list: readonly string[], table: unknown): string | undefined {
  if (!isTree(table)) return undefined
  const { name, url } = table
  if (list.join('.') === 'go.upstream') return nameOrHost(name, url)
  return list.join('.') === 'upstream' && typeof name === 'string' ? name : undefined
}

/** The variable that a table's secret comes from, "CACHALOT_UPSTREAM__DOCKER_IO__PASSWORD". */
export function secretVariable(place: Path, table: unknown): string {
  const list = place.filter((step) => typeof step === 'string')
  const key = secretKeyOf(list) ?? ''
  const isList = list.at(-1) === 'upstream'
  const own = isList ? [variableName(nameIn(list, table))] : []
  return `CACHALOT_${[...list, ...own, key].join('__').toUpperCase()}`
}
