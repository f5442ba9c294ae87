import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { api, codeOf, jsonOf } from '../api/session-support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { assertProblem, DOCUMENT } from './described.ts'

const PATH = '/openapi.json'

suite('GET /openapi.json', () => {
  test('is there for whoever logs in, and for nobody else', async (t) => {
    const { cache } = await startGuarded(t, { auth: { anonymous_pull: 'all' } })
    assert.equal(codeOf(await api(cache, PATH)), 'unauthorized')
    const answer = await api(cache, PATH, { headers: as('bob') })
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(jsonOf(answer), DOCUMENT)
  })

  test('is sent once to whoever keeps it', async (t) => {
    const { cache } = await startGuarded(t)
    const first = await api(cache, PATH, { headers: as('bob') })
    const { etag = '' } = first.headers
    assert.match(etag, /^"[\w-]+"$/)
    const again = await api(cache, PATH, { headers: { ...as('bob'), 'if-none-match': etag } })
    assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, etag])
    const other = await api(cache, PATH, { headers: { ...as('bob'), 'if-none-match': '"another"' } })
    assert.equal(other.status, 200)
    assert.match(first.headers['cache-control'] ?? '', /no-cache/)
  })
})

suite('every error of the API has the shape that is described', () => {
  test('also where no route answers', async (t) => {
    const { cache } = await startGuarded(t)
    for (const [method, path, status, code] of [
      ['GET', '/nothing', 404, 'not_found'],
      ['POST', '/nothing', 404, 'not_found'],
      ['PATCH', '/pins', 405, 'unsupported'],
      ['POST', '/stats', 405, 'unsupported'],
    ] as const) {
      const answer = await api(cache, path, { method, headers: as('alice') })
      assert.deepEqual([answer.status, codeOf(answer)], [status, code], `${method} ${path}`)
      assertProblem(jsonOf(answer), `${method} ${path}`)
      assert.equal(answer.headers.allow !== undefined, status === 405)
    }
  })
})
