import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { TAKES } from '../../src/api/roles.ts'
import { ERRORS } from '../../src/domain/errors.ts'
import { DOCUMENT, OPERATIONS } from './described.ts'
import { createDocument } from './document.ts'
import { refsIn } from './schema.ts'

const API = join(import.meta.dirname, '../../src/api')

/** Routes as the sources register them. */
function registered(): readonly string[] {
  return globSync('**/*.ts', { cwd: API }).flatMap((file) =>
    [...readFileSync(join(API, file), 'utf8').matchAll(/router\.(get|put|post|delete)\(\s*'([^']+)'/g)].map(
      ([, method = '', path = '']) => `${method.toUpperCase()} ${path}`,
    ),
  )
}

suite('the description of the API', () => {
  test('is what the sources say today; else run "node test/openapi/write.ts"', () => {
    // Both as JSON: what is undefined is not there.
    assert.deepEqual(DOCUMENT, JSON.parse(JSON.stringify(createDocument())))
  })

  test('is well-formed OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate({ ...DOCUMENT })
    assert.deepEqual([valid, errors], [true, undefined])
    assert.equal(validator.version, '3.1')
  })

  test('tells of every route that there is, and of no other', () => {
    const routes = registered()
    assert.ok(routes.length > 45, `only ${routes.length} routes were found`)
    assert.deepEqual([...OPERATIONS.keys()].toSorted(), routes.toSorted())
    assert.deepEqual(Object.keys(TAKES).toSorted(), routes.toSorted())
  })

  test('names operations once, and says who may ask', () => {
    const ids = [...OPERATIONS.values()].map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ids.length)
    for (const [route, { security }] of OPERATIONS) {
      const roles = new Set(security.flatMap((one) => Object.values(one).flat()))
      const role = TAKES[route as keyof typeof TAKES] // the test before compares them
      assert.deepEqual([...roles], role === 'anyone' ? [] : [role], route)
      assert.equal(
        security.some((one) => Object.keys(one).length === 0),
        role === 'anyone',
        route,
      )
    }
  })

  test('refers to nothing that is not there, and holds nothing that nobody refers to', () => {
    const { components } = DOCUMENT as { components?: Readonly<Record<string, object>> }
    const held = ['schemas', 'responses', 'parameters'].flatMap((kind) =>
      Object.keys(components?.[kind] ?? {}),
    )
    assert.deepEqual(refsIn(DOCUMENT).toSorted(), held.toSorted())
  })

  test('lists every code of the catalogue', () => {
    const text = JSON.stringify(DOCUMENT['components'])
    for (const code of Object.keys(ERRORS)) assert.ok(text.includes(`\`${code}\``), code)
  })
})
