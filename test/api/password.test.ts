import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { apiOf } from '../jobs/support.ts'
import { as, auditOf, type Guarded, startGuarded } from '../security/access-support.ts'
import { api, codeOf, cookieIn, jsonOf, logIn, post, sessionOf } from './session-support.ts'

const change = (
  { cache }: Pick<Guarded, 'cache'>,
  body: { readonly old: string; readonly new: string },
  headers: Record<string, string>,
) => api(cache, '/session/password', { method: 'PUT', body, headers })

suite('one’s own password', () => {
  test('is set by whoever knows the old one: all else of theirs ends, their session goes on', async (t) => {
    const scene = await startGuarded(t)
    const { cache } = scene
    const [here, there] = [await logIn(cache, 'bob', 'builder'), await logIn(cache, 'bob', 'builder')]
    const made = await api(cache, '/tokens', { method: 'PUT', body: { name: 'ci' }, headers: here })
    const token = { authorization: `Bearer ${jsonOf<{ secret: string }>(made).secret}` }
    const answer = await change(scene, { old: 'builder', new: 'built at last' }, here)
    assert.deepEqual(sessionOf(answer).user, { name: 'bob', role: 'user' })
    const next = { cookie: cookieIn(answer).pair }
    const statusOf = async (headers: Record<string, string>) =>
      (await api(cache, '/stats', { headers })).status
    for (const [headers, status] of [
      [next, 200],
      [as('bob', 'built at last'), 200],
      [here, 401],
      [there, 401],
      [token, 401],
      [as('bob'), 401],
    ] as const)
      assert.equal(await statusOf(headers), status)
    const told = auditOf(cache).filter(({ action }) => action.startsWith('user.'))
    assert.deepEqual(
      told.map(({ who, action, target, outcome }) => `${who} ${action} ${target} ${outcome}`),
      ['bob user.change bob ok'],
    )
    assert.doesNotMatch(cache.log.text() + JSON.stringify(auditOf(cache)), /built at last|builder/)
  })

  test('stays for who does not know it, is nobody, or wants a bad one', async (t) => {
    const scene = await startGuarded(t)
    const before = await readFile(scene.users, 'utf8')
    const here = await logIn(scene.cache, 'bob', 'builder')
    const good = { old: 'builder', new: 'built at last' }
    const wrong = await change(scene, { ...good, old: 'bulldozer' }, here)
    assert.equal(codeOf(wrong), 'denied')
    assert.match(wrong.body.toString(), /the old password is wrong/)
    assert.equal((await api(scene.cache, '/stats', { headers: here })).status, 200, 'still logged in')
    assert.equal(codeOf(await change(scene, { ...good, new: 'short' }, here)), 'bad_request')
    assert.equal(codeOf(await change(scene, good, {})), 'unauthorized')
    assert.equal(codeOf(await change(scene, good, { cookie: here.cookie })), 'denied', 'without X-CSRF')
    await assert.rejects(apiOf(scene.cache).put('/session/password', good), { code: 'denied' })
    assert.equal(await readFile(scene.users, 'utf8'), before)
  })

  test('is guessed no faster than by logging in', async (t) => {
    const scene = await startGuarded(t)
    const here = await logIn(scene.cache, 'bob', 'builder')
    let answer = await change(scene, { old: 'guess 0', new: 'built at last' }, here)
    for (let n = 1; n < 25 && answer.status !== 429; n++)
      answer = await change(scene, { old: `guess ${n}`, new: 'built at last' }, here)
    assert.equal(answer.status, 429)
    assert.equal((await post(scene.cache, 'bob', 'bulldozer')).status, 429, 'they are counted together')
  })

  test('is not set once more where the file has another one by now', async (t) => {
    const scene = await startGuarded(t)
    const users = await readFile(scene.users, 'utf8')
    const body = { old: 'builder', new: 'built at last' }
    // What was read a moment ago still counts for a login; what is written is held against the file of now.
    assert.equal((await api(scene.cache, '/stats', { headers: as('bob') })).status, 200)
    const other = users.replace(/^bob:.*\n/m, bcryptLine('bob', 'set by alice'))
    await writeFile(scene.users, other)
    const answer = await change(scene, body, as('bob'))
    assert.notEqual(codeOf(answer), 'ok')
    assert.equal(await readFile(scene.users, 'utf8'), other)
    scene.clock.advance(SECOND)
    assert.equal((await post(scene.cache, 'bob', 'set by alice')).status, 200)
  })
})
