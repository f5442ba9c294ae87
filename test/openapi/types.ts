import { join } from 'node:path'
import { createGenerator } from 'ts-json-schema-generator'
import { mapObjects, refsIn, type Schema } from './schema.ts'

const ROOT = join(import.meta.dirname, '../..')
export const SCHEMAS = '#/components/schemas/'

/** What the contract says of one route. */
export interface RouteTypes {
  readonly description: string | undefined
  readonly input: Schema
  readonly output:
    | { readonly kind: 'answer'; readonly schema: Schema }
    | { readonly kind: 'stream'; readonly schema: Schema }
    | { readonly kind: 'events'; readonly topics: Readonly<Record<string, Schema>> }
    | { readonly kind: 'file'; readonly type: string }
  /** The type of a body that is a file; what goes in stands in the query then. */
  readonly body: string | undefined
}

export interface Types {
  readonly routes: Readonly<Record<string, RouteTypes>>
  readonly error: Schema
  readonly progress: Schema
  /** What schemas refer to by name. */
  readonly named: Readonly<Record<string, Schema>>
}

type Named = Readonly<Record<string, Schema>>

/** The contract in `src/api/contract*.ts` as JSON schemas; docstrings are their descriptions. */
export function readTypes(): Types {
  const generator = createGenerator({
    path: join(import.meta.dirname, 'roots.ts'),
    tsconfig: join(ROOT, 'tsconfig.json'),
    type: 'Roots',
    // The compiler of this project has judged them already.
    skipTypeCheck: true,
    jsDoc: 'extended',
    sortProps: false,
    encodeRefs: false,
  })
  const raw = generator.createSchema('Roots').definitions ?? {}
  // Of an older draft: of what is used here, nothing has another meaning in the newer one.
  const named = renamed(raw as unknown as Named)
  const { api, error, progress } = propertiesOf(named['Roots'], named)
  const routes = Object.entries(propertiesOf(api, named)).map(
    ([route, types]) => [route, routeOf(types, named)] as const,
  )
  return { routes: Object.fromEntries(routes), error: present(error), progress: present(progress), named }
}

function routeOf(types: Schema, named: Named): RouteTypes {
  const { in: input, out, stream, events, file, body: taken } = propertiesOf(types, named)
  const { description } = types
  const body = textOf(taken)
  const type = textOf(file)
  if (type !== undefined) return { description, input: present(input), output: { kind: 'file', type }, body }
  if (events !== undefined) {
    return {
      description,
      input: present(input),
      output: { kind: 'events', topics: propertiesOf(events, named) },
      body,
    }
  }
  const kind = out === undefined ? 'stream' : 'answer'
  return { description, input: present(input), output: { kind, schema: present(out ?? stream) }, body }
}

/** The one text that a type allows. */
function textOf(schema: Schema | undefined): string | undefined {
  const text = schema?.['const']
  return typeof text === 'string' ? text : undefined
}

/** The properties of an object, whether it stands there or is referred to. */
export function propertiesOf(schema: Schema | undefined, named: Named): Readonly<Record<string, Schema>> {
  return resolve(schema, named).properties ?? {}
}

export function resolve(schema: Schema | undefined, named: Named): Schema {
  const { $ref } = present(schema)
  return $ref === undefined ? present(schema) : resolve(named[$ref.slice(SCHEMAS.length)], named)
}

/** "Page<ImageRow>" becomes "PageOfImageRow"; what has no name of its own stands where it is used. */
function renamed(raw: Named): Named {
  const isNameless = (name: string): boolean => /structure-|def-/.test(name)
  const place = (schema: Schema): Schema =>
    mapObjects(schema, (object) => {
      if (object.$ref === undefined) return object
      const name = object.$ref.slice('#/definitions/'.length)
      if (!isNameless(name)) return { ...object, $ref: `${SCHEMAS}${titleOf(name)}` }
      const { $ref: _ref, ...rest } = object
      return { ...place(present(raw[name])), ...rest }
    }) as Schema // Objects become objects.
  const kept = Object.entries(raw).filter(([name]) => !isNameless(name))
  return Object.fromEntries(kept.map(([name, schema]) => [titleOf(name), place(schema)]))
}

function titleOf(name: string): string {
  const title = name.replaceAll('<', 'Of').replaceAll('>', '')
  if (!/^[A-Za-z]\w*$/.test(title)) throw new Error(`${name} makes no name of a schema: name that type`)
  return title
}

/** Those that these refer to, directly or not. */
export function reachable(roots: unknown, named: Named): Named {
  const found = new Map<string, Schema>()
  const visit = (value: unknown): void => {
    for (const name of refsIn(value)) {
      const schema = named[name]
      if (schema === undefined || found.has(name)) continue
      found.set(name, schema)
      visit(schema)
    }
  }
  visit(roots)
  return Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function present(schema: Schema | undefined): Schema {
  if (schema === undefined) throw new Error('the contract lacks a type')
  return schema
}
