import { defaultOf } from './build.ts'
import { keyAt, TABLES, type Table } from './keys.ts'
import { nameIn } from './names.ts'
import { type Path, pathKey } from './positions.ts'
import { withoutCredentials } from './problem.ts'
import type { Settings } from './schema.ts'
import { secretKeyOf } from './secret-keys.ts'
import { labelOf, type Origin, originOf, type Source } from './source.ts'
import { valueAt } from './tree.ts'
import type { Plain } from './values.ts'

/** One key of the configuration as it is in effect, without secrets. */
export interface ConfigEntry {
  /** "server.tls", "upstream". */
  readonly table: string
  /** Which table of a list this is, from 0; undefined for single tables. */
  readonly index: number | undefined
  readonly key: string
  /** "upstream[ghcr.io].url". */
  readonly path: string
  /** In the spelling of the file; "***" where it is secret. */
  readonly value: Plain
  readonly origin: Origin
  readonly secret: boolean
  readonly fallback: Plain
  readonly about: string
}

const MASK = '***'

/** Every key in the order of the schema, lists of tables as often as they occur. */
export function entriesOf(source: Source, settings: Settings): ConfigEntry[] {
  return TABLES.flatMap((table) => {
    if (!table.many) return entriesAt(table, { source, settings, place: table.path, index: undefined })
    const list = valueAt(source.tree, table.path)
    if (!Array.isArray(list)) return []
    return list.flatMap((_, index) =>
      entriesAt(table, { source, settings, place: [...table.path, index], index }),
    )
  })
}

interface Place {
  readonly source: Source
  readonly settings: Settings
  readonly place: Path
  readonly index: number | undefined
}

function entriesAt(table: Table, at: Place): ConfigEntry[] {
  const { source, place, index } = at
  const entries = [...table.keys].map(([key, { fallback, about }]): ConfigEntry => {
    const path = [...place, key]
    const { value, from } = effective(path, fallback, at)
    const shown = typeof value === 'string' ? withoutCredentials(value) : value
    return {
      table: table.path.join('.'),
      index,
      key,
      path: labelOf(source.tree, path),
      value: shown,
      origin: originOf(source, from),
      secret: shown !== value,
      fallback,
      about,
    }
  })
  return [...entries, ...secretAt(table, at)]
}

/** The value in effect and the path it was taken from: some defaults depend on other keys. */
function effective(
  path: Path,
  fallback: Plain,
  { source, settings, index }: Place,
): { value: Plain; from: Path } {
  const said = plainAt(source, path)
  const label = path.filter((step) => typeof step === 'string').join('.')
  if (label === 'upstream.tag_ttl' && (said ?? '') === '') {
    const from = ['cache', 'tag_ttl']
    return { value: plainAt(source, from) ?? keyAt(from)?.fallback ?? fallback, from }
  }
  if (label === 'go.upstream.name' && (said ?? '') === '') {
    return {
      value: nameIn(['go', 'upstream'], valueAt(source.tree, path.slice(0, -1))) ?? fallback,
      from: path,
    }
  }
  if (label === 'upstream.default' && index !== undefined) {
    return { value: settings.upstream[index] === defaultOf(settings.upstream), from: path }
  }
  return { value: said ?? fallback, from: path }
}

function plainAt(source: Source, path: Path): Plain | undefined {
  // The tree passed the schema, whose keys hold nothing else.
  return valueAt(source.tree, path) as Plain | undefined
}

/** Secrets have no key in the file, but who looks wants to know that one is set. */
function secretAt(table: Table, { source, place, index }: Place): ConfigEntry[] {
  const key = secretKeyOf(table.path)
  const path = [...place, key ?? '']
  if (key === undefined || !source.variables.has(pathKey(path))) return []
  return [
    {
      table: table.path.join('.'),
      index,
      key,
      path: labelOf(source.tree, path),
      value: MASK,
      origin: originOf(source, path),
      secret: true,
      fallback: '',
      about: 'from the environment only',
    },
  ]
}
