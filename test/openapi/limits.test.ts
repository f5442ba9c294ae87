import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { basic } from '../auth/support.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'
import { assertProblem, OPERATIONS, type Operation } from './described.ts'
import type { Schema } from './schema.ts'

const headers = { authorization: basic('alice', PASSWORDS.alice), 'content-type': 'application/json' }

/** A value that fits a schema, as simple as can be; undefined where none is to be had that easily. */
function fitting(schema: Schema): unknown {
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.anyOf !== undefined) return undefined
  switch (schema.type) {
    case 'array':
      return [fitting(schema.items ?? {})]
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return false
    default:
      return typeof schema['pattern'] === 'string' ? '4xx' : 'abc'
  }
}

/** Values that a schema does not allow, by what of it they break. */
function* unfitting(schema: Schema): Generator<readonly [string, unknown]> {
  const { type, minimum, maximum, maxLength, minLength, maxItems, minItems, exclusiveMinimum } = schema
  if (schema.enum !== undefined) yield ['enum', 'none-of-them']
  if (minimum !== undefined) yield ['minimum', minimum - 1]
  if (typeof exclusiveMinimum === 'number') yield ['exclusiveMinimum', exclusiveMinimum]
  if (maximum !== undefined) yield ['maximum', maximum + 1]
  if (maxLength !== undefined) yield ['maxLength', 'a'.repeat(maxLength + 1)]
  if (typeof minLength === 'number' && minLength > 0) yield ['minLength', '']
  if (type === 'integer') yield ['type', 0.5]
  if (type === 'array') yield ['type', 'no array']
  if (typeof minItems === 'number' && minItems > 0) yield ['minItems', []]
  if (typeof maxItems === 'number' && schema.items !== undefined)
    yield ['maxItems', Array(maxItems + 1).fill(fitting(schema.items))]
}

interface Input {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
}

function inputOf({ parameters = [], requestBody }: Operation): Input {
  const body = requestBody?.content['application/json']?.schema
  if (body !== undefined) return { properties: body.properties ?? {}, required: body.required ?? [] }
  const query = parameters.filter(({ name }) => name !== undefined)
  return {
    properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    required: query.filter(({ required }) => required === true).map(({ name }) => name),
  }
}

/** Inputs that the description forbids, one fault in each. */
function* wrongInputs(operation: Operation): Generator<readonly [string, Readonly<Record<string, unknown>>]> {
  const { properties, required } = inputOf(operation)
  if (Object.keys(properties).length === 0) return
  const right = Object.fromEntries(required.map((name) => [name, fitting(properties[name] ?? {})]))
  yield ['an unknown field', { ...right, 'no-such-field': 'x' }]
  for (const name of required) {
    const { [name]: _left, ...rest } = right
    yield [`without ${name}`, rest]
  }
  for (const [name, schema] of Object.entries(properties))
    for (const [limit, value] of unfitting(schema))
      yield [`${name} against ${limit}`, { ...right, [name]: value }]
}

suite('the limits that are described', { timeout: 120_000 }, () => {
  test('are those that are kept', async (t) => {
    const { cache } = await startConsole(t, { limits: { requests: '0' } })
    let count = 0
    for (const [route, operation] of OPERATIONS) {
      const [method = '', path = ''] = route.split(' ')
      for (const [fault, input] of wrongInputs(operation)) {
        const json = operation.requestBody?.content['application/json']
        // Files go along as they are, so what is said about them stands in the query.
        const isQuery = method === 'GET' || (operation.requestBody !== undefined && json === undefined)
        const query = isQuery
          ? `?${new URLSearchParams(Object.entries(input).map(([k, v]) => [k, String(v)])).toString()}`
          : ''
        const body = isQuery ? '' : JSON.stringify(input)
        const answer = await cache.fetch(`/api/v1${path}${query}`, {
          method,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          body,
          lint: false,
        })
        const text = answer.body.toString()
        assert.equal(answer.status, 400, `${route} with ${fault}: ${answer.status} ${text.slice(0, 300)}`)
        const said: unknown = JSON.parse(text)
        assertProblem(said, route)
        assert.equal(
          (said as { error: { code: string } }).error.code,
          'bad_request',
          `${route} with ${fault}`,
        )
        count++
      }
    }
    assert.ok(count > 100, `${count} faults were tried`)
  })
})
