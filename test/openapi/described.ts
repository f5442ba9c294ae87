import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { OPENAPI_FILE } from '../../src/api/openapi/openapi.ts'
import { mapObjects, type Part, type Schema } from './schema.ts'

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly Part[]
  readonly parameters?: readonly {
    readonly name: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, Part>> } | { readonly $ref: string }>
  >
}

/** The committed description. */
export const DOCUMENT: Part & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
} = JSON.parse(readFileSync(OPENAPI_FILE, 'utf8'))

/** Every operation by its route: "GET /images". */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  ),
)

// What is sent and not described is a fault, although a client has to bear it.
const closed = mapObjects(DOCUMENT, (object) =>
  object.properties === undefined || object.additionalProperties !== undefined
    ? object
    : { ...object, additionalProperties: false },
)
const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema({ ...(closed as object), $id: 'api' })

/** Asserts that a value is as the schema at this place of the document says: ["components", "schemas", "Live"]. */
export function assertAsDescribed(value: unknown, place: readonly string[], what: string): void {
  const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
  const validate = ajv.compile({ $ref: `api#/${pointer.join('/')}` })
  const isRight = validate(value)
  if (isRight) return
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath.replaceAll(/\/\d+/g, '/*')} ${message} ${JSON.stringify(params)}`,
  )
  assert.fail(`${what}: ${[...new Set(faults)].join('\n')}\n${JSON.stringify(value).slice(0, 2000)}`)
}

/** Where the answer of a route is described. */
export function placeOf(route: string, type: string): readonly string[] {
  const [method = '', path = ''] = route.split(' ')
  return ['paths', path, method.toLowerCase(), 'responses', '200', 'content', type]
}

const PROBLEM = ['components', 'responses', 'Problem', 'content', 'application/json', 'schema'] as const

export function assertProblem(value: unknown, what: string): void {
  assertAsDescribed(value, PROBLEM, what)
}
