import { z } from 'zod'
import type { Path } from './positions.ts'
import { configSchema } from './schema.ts'
import { type KeyFacts, keyFacts } from './values.ts'

/** One table of the file, `[server.tls]` or, where there may be several, `[[upstream]]`. */
export interface Table {
  /** Its names without indexes: `['server', 'tls']`. */
  readonly path: readonly string[]
  readonly many: boolean
  readonly keys: ReadonlyMap<string, KeyFacts>
  /** Names of the tables right inside it. */
  readonly tables: readonly string[]
}

/** Every table in the order of the schema; the first one is the root, which has no keys of its own. */
export const TABLES: readonly Table[] = tablesOf(configSchema, [], false)

function tablesOf(schema: z.ZodObject, path: readonly string[], many: boolean): Table[] {
  const keys = new Map<string, KeyFacts>()
  const inner = new Map<string, Table[]>()
  for (const [name, value] of Object.entries(schema.shape)) {
    const facts = factsOf(value)
    if (facts === undefined) inner.set(name, insideOf(value, [...path, name]))
    else keys.set(name, facts)
  }
  return [{ path, many, keys, tables: [...inner.keys()] }, ...[...inner.values()].flat()]
}

function factsOf(schema: z.core.$ZodType): KeyFacts | undefined {
  return keyFacts.get(schema)
}

function insideOf(schema: z.core.$ZodType, path: readonly string[]): Table[] {
  const plain = schema instanceof z.ZodPrefault ? schema.unwrap() : schema
  const element = plain instanceof z.ZodArray ? plain.element : plain
  if (!(element instanceof z.ZodObject)) throw new TypeError(`${path.join('.')} is neither a key nor a table`)
  return tablesOf(element, path, plain instanceof z.ZodArray)
}

/** The table at a path, whose indexes do not matter. */
export function tableAt(path: Path): Table | undefined {
  const names = path.filter((step) => typeof step === 'string')
  return TABLES.find((table) => table.path.join('.') === names.join('.'))
}

/** What is known of the key at a path; also of a list when the path leads to one of its elements. */
export function keyAt(path: Path): KeyFacts | undefined {
  const names = path.filter((step) => typeof step === 'string')
  const name = names.at(-1)
  return name === undefined ? undefined : tableAt(names.slice(0, -1))?.keys.get(name)
}

/** The header of a table as it stands in the file. */
export function headerOf(table: Table): string {
  return table.many ? `[[${table.path.join('.')}]]` : `[${table.path.join('.')}]`
}
