import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { TokenRow } from '../../src/api/contract-session.ts'
import { DAY, SECOND } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { apiOf } from '../jobs/support.ts'
import { as, auditOf, type Guarded, startGuarded } from '../security/access-support.ts'
import { api, codeOf, jsonOf, logIn } from './session-support.ts'

interface Made {
  readonly token: TokenRow
  readonly secret: string
}

async function make({ cache }: Guarded, user: string, name: string, expiresAt?: number): Promise<Made> {
  const body = expiresAt === undefined ? { name } : { name, expiresAt }
  return jsonOf<Made>(await api(cache, '/tokens', { method: 'PUT', body, headers: as(user) }))
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })

suite('API tokens over the network', () => {
  test('do not come back with the name of their user, whatever writes the file', async (t) => {
    const scene = await startGuarded(t)
    const { cache, clock, users } = scene
    const { secret } = await make(scene, 'bob', 'ci')
    const session = await logIn(cache, 'bob', 'builder')
    const before = await readFile(users, 'utf8')
    const without = before.replace(/^bob:.*\n/m, '')
    const statusOf = async (headers: Record<string, string>) =>
      (await api(cache, '/stats', { headers })).status
    assert.deepEqual([await statusOf(bearer(secret)), await statusOf(session)], [200, 200])
    // Nobody asks in between, as when the server is not running: it never sees the file without bob.
    await writeFile(users, without)
    await writeFile(users, `${without}${bcryptLine('bob', 'builder')}`)
    clock.advance(SECOND)
    assert.deepEqual([await statusOf(bearer(secret)), await statusOf(session)], [401, 401])
    assert.equal(await statusOf(as('bob')), 200, 'the password is the same, and still it is another bob')
    const again = await make(scene, 'bob', 'ci')
    assert.deepEqual([await statusOf(bearer(again.secret)), await statusOf(bearer(secret))], [200, 401])
  })

  test('do what their user may do now, without X-CSRF, and are one’s own', async (t) => {
    const scene = await startGuarded(t, { auth: { operators: [] } })
    const { cache, users, clock } = scene
    const { token, secret } = await make(scene, 'carol', 'ci')
    assert.deepEqual([token.name, token.user, token.lastUsedAt], ['ci', 'carol', undefined])
    const headers = bearer(secret)
    const pin = () =>
      api(cache, '/pins', { method: 'PUT', body: { match: ['docker.io/library/x'] }, headers })
    assert.equal(codeOf(await pin()), 'denied')
    await writeFile(users, (await readFile(users, 'utf8')).replace(/^(carol:.*)$/m, '$1:role=operator'))
    clock.advance(SECOND)
    assert.equal(codeOf(await pin()), 'ok')
    const listOf = async (one: Record<string, string>) =>
      jsonOf<{ items: readonly TokenRow[] }>(await api(cache, '/tokens', { headers: one })).items
    assert.equal((await listOf(headers))[0]?.lastUsedAt, clock() - SECOND)
    assert.deepEqual(await listOf(as('bob')), [])
    assert.deepEqual(await listOf(as('alice')), [])
    const body = { name: 'ci' }
    const foreign = await api(cache, '/tokens', { method: 'DELETE', body, headers: as('alice') })
    assert.equal(codeOf(foreign), 'not_found')
    assert.equal(codeOf(await api(cache, '/tokens', { method: 'DELETE', body, headers: as('carol') })), 'ok')
    assert.equal(codeOf(await pin()), 'unauthorized')
    const pinned = auditOf(cache).find(({ action }) => action === 'pin')
    assert.equal(pinned?.who, 'carol')
    assert.ok(!cache.log.text().includes(secret))
  })

  test('end when they said, and with their user', async (t) => {
    const scene = await startGuarded(t)
    const { cache, clock, users } = scene
    const short = await make(scene, 'bob', 'short', clock() + DAY)
    const long = await make(scene, 'bob', 'long')
    const statusOf = async ({ secret }: Made) =>
      (await api(cache, '/stats', { headers: bearer(secret) })).status
    assert.equal(await statusOf(short), 200)
    clock.advance(DAY)
    assert.deepEqual([await statusOf(short), await statusOf(long)], [401, 200])
    await cache.restart()
    assert.equal(await statusOf(long), 200)
    await writeFile(users, (await readFile(users, 'utf8')).replace(/^bob:.*\n/m, ''))
    clock.advance(SECOND)
    assert.equal(await statusOf(long), 401)
    const told = auditOf(cache).filter(({ action }) => action === 'token')
    assert.deepEqual(
      told.map(({ who, detail }) => `${who} ${String(detail)}`),
      ['bob (token short) {"why":"expired"}', 'bob (token long) {"why":"without its user"}'],
    )
  })

  test('make nothing that outlasts them, and can still be taken back with themselves', async (t) => {
    const scene = await startGuarded(t)
    const { cache, clock } = scene
    const { secret } = await make(scene, 'alice', 'ci', clock() + DAY)
    const headers = bearer(secret)
    const tries: readonly (readonly [string, object])[] = [
      ['/tokens', { name: 'for-good' }],
      ['/tokens', { name: 'short', expiresAt: clock() + SECOND }],
      ['/keys', { name: 'for-good' }],
      ['/users', { name: 'eve', password: 'long enough', role: 'admin' }],
      ['/users', { name: 'bob', role: 'admin' }],
      ['/session/password', { old: 'wonder', new: 'wonderland' }],
    ]
    for (const [path, body] of tries) {
      const answer = await api(cache, path, { method: 'PUT', body, headers })
      assert.equal(codeOf(answer), 'denied', path)
      assert.match(answer.body.toString(), /an API token makes no tokens/)
    }
    assert.equal(codeOf(await api(cache, '/pins', { headers })), 'ok')
    const own = { method: 'DELETE', body: { name: 'ci' }, headers }
    assert.equal(codeOf(await api(cache, '/tokens', own)), 'ok')
    assert.equal(codeOf(await api(cache, '/pins', { headers })), 'unauthorized')
    const told = auditOf(cache).filter(({ outcome, action }) => outcome === 'refused' && action === 'api')
    assert.deepEqual(
      told.map(({ who, target }) => `${who} ${target}`),
      tries.map(([path]) => `alice PUT /api/v1${path}`),
    )
  })

  test('that are wrong are slowed like passwords; the same one again is one guess', async (t) => {
    const scene = await startGuarded(t)
    const ask = (n: number) =>
      api(scene.cache, '/stats', { headers: bearer(`ct_${String(n).padStart(43, 'x')}`) })
    for (let n = 0; n < 40; n++) assert.equal((await ask(0)).status, 401)
    let last = await ask(1)
    for (let n = 2; n < 25; n++) last = await ask(n)
    assert.equal(last.status, 429)
    assert.ok(Number(last.headers['retry-after']) > 0)
  })

  test('are of no use to pull with', async (t) => {
    const scene = await startGuarded(t)
    scene.hub.addImage('library/app', { tags: ['1'] })
    const { secret } = await make(scene, 'alice', 'ci')
    for (const path of ['/v2/', '/v2/library/app/manifests/1', `/k/${secret}/v2/library/app/manifests/1`])
      assert.equal((await scene.ask(path, bearer(secret))).status, 401, path)
    const basic = Buffer.from(`alice:${secret}`).toString('base64')
    assert.equal((await scene.ask('/v2/', { authorization: `Basic ${basic}` })).status, 401)
    assert.equal(scene.hub.requests.count(), 0)
  })

  test('are for users: not for keys, and not for who has no name here', async (t) => {
    const scene = await startGuarded(t)
    const owner = apiOf(scene.cache)
    await assert.rejects(owner.put('/tokens', { name: 'x' }), { code: 'bad_request' })
    await assert.rejects(owner.put('/tokens', { name: 'x', user: 'nobody' }), { code: 'not_found' })
    const body = { name: 'x', user: 'alice' }
    const foreign = await api(scene.cache, '/tokens', { method: 'PUT', body, headers: as('bob') })
    assert.equal(codeOf(foreign), 'denied')
    const asked = await api(scene.cache, '/tokens?user=alice', { headers: as('bob') })
    assert.equal(codeOf(asked), 'denied')
    const nobody = await api(scene.cache, '/tokens', { method: 'PUT', body: { name: 'x' } })
    assert.equal(codeOf(nobody), 'unauthorized')
    const session = await logIn(scene.cache, 'bob', 'builder')
    const made = await api(scene.cache, '/tokens', { method: 'PUT', body: { name: 'x' }, headers: session })
    assert.equal(codeOf(made), 'ok')
  })
})
