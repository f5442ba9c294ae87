import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type FakeGo, startFakeGo } from '../support/fake-go.ts'
import type { Cleanup } from '../support/temp.ts'
import { addKey, as, from, HOME, startGuarded } from './access-support.ts'

const MOD = '/go/example.com/lib/@v/v1.0.0.mod'

/** A cache with users, and modules behind it. */
async function start(t: Cleanup, options: Parameters<typeof startGuarded>[1] = {}) {
  const upstream: FakeGo = await startFakeGo(t)
  upstream.publish({ module: 'example.com/lib', version: 'v1.0.0' })
  upstream.publish({ module: 'example.com/Secret/lib', version: 'v1.0.0' })
  const guarded = await startGuarded(t, options)
  await guarded.cache.reload({ config: { go: { upstream: [{ url: upstream.url, name: 'modules' }] } } })
  return { ...guarded, upstream }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

suite('files of other protocols', () => {
  test('are for users and pull keys, in the path or as a token; others are asked for a login', async (t) => {
    const { ask, cache, upstream } = await start(t)
    const secret = await addKey(cache, 'ci')
    for (const headers of [{}, bearer('hf_somebody'), as('bob', 'wrong')]) {
      const refused = await ask(MOD, headers)
      assert.equal(refused.status, 401)
      assert.match(String(refused.headers['www-authenticate']), /^Basic realm="/)
      assert.match(String(refused.headers['content-type']), /^text\/plain/)
    }
    assert.deepEqual(upstream.requests, [])
    assert.equal((await ask(MOD, as('bob'))).status, 200)
    assert.equal((await ask(MOD, bearer(secret))).status, 200)
    assert.equal((await ask(`/k/${secret}${MOD}`)).status, 200)
    assert.ok(upstream.requests.every(({ authorization }) => authorization === undefined))
  })

  test('are served to neighbours who send somebody else a token, but not to a key that is no more', async (t) => {
    const { ask, cache } = await start(t, { auth: { anonymous_pull: 'private' } })
    const home = from(HOME)
    assert.equal((await ask(MOD, { ...home, ...bearer('hf_somebody') })).status, 200)
    const refused = await ask(MOD, { ...home, ...bearer('ck_0123456789abcdefghijklmno') })
    assert.equal(refused.status, 401)
    // No password helps there, so none is asked for.
    assert.match(String(refused.headers['www-authenticate']), /^PullKey/)
    assert.match(refused.body.toString(), /pull key is unknown/)
    const secret = await addKey(cache, 'ci')
    assert.equal((await ask(MOD, { ...home, ...bearer(secret) })).status, 200)
  })

  test('are denied by rules to whom they name, alike whether they are cached or not', async (t) => {
    const { ask, cache, upstream } = await start(t, {
      rule: [
        { effect: 'allow', match: ['go:example.com/secret/**'], users: ['key:ci'] },
        { effect: 'deny', match: ['go:example.com/secret/**'] },
      ],
    })
    const secret = await addKey(cache, 'ci')
    const path = '/go/example.com/!secret/lib/@v/v1.0.0.mod'
    const denied = await ask(path, as('bob'))
    assert.equal(denied.status, 403)
    assert.match(denied.body.toString(), /rule 2 forbids bob to pull go:example\.com\/Secret\/lib/)
    assert.deepEqual(upstream.requests, [])
    assert.equal((await ask(path, bearer(secret))).status, 200)
    const again = await ask(path, as('bob'))
    assert.deepEqual([again.status, again.body], [403, denied.body])
    assert.equal((await ask(MOD, as('bob'))).status, 200)
  })

  test('may not be kept by a rule, and are served all the same', async (t) => {
    const { ask } = await start(t, { rule: [{ effect: 'deny', match: ['go:**'], actions: ['store'] }] })
    for (let n = 0; n < 2; n++) {
      const answer = await ask(MOD, as('bob'))
      assert.deepEqual([answer.status, answer.headers['x-cache']], [200, 'bypass'])
    }
  })

  test('a pull key as a token opens neither the API nor evictions', async (t) => {
    const { ask, cache } = await start(t)
    const secret = await addKey(cache, 'ci')
    assert.equal((await ask('/api/v1/stats', bearer(secret))).status, 401)
    const digest = `sha256:${'ab'.repeat(32)}`
    assert.equal((await ask(`/v2/library/app/manifests/${digest}`, bearer(secret), 'DELETE')).status, 403)
    assert.equal((await ask('/v2/', bearer(secret))).status, 200)
  })
})
