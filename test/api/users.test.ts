import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { suite, test } from 'node:test'
import type { UserRow } from '../../src/api/contract-session.ts'
import { apiOf } from '../jobs/support.ts'
import { as, auditOf, type Guarded, startGuarded, startOpen } from '../security/access-support.ts'
import { api, codeOf, cookieIn, jsonOf, logIn } from './session-support.ts'

const asAlice = as('alice')

async function change(
  { cache }: Pick<Guarded, 'cache'>,
  method: string,
  body: object,
  headers: Record<string, string> = asAlice,
) {
  return await api(cache, '/users', { method, body, headers })
}

function rowsIn(answer: Parameters<typeof jsonOf>[0]): readonly string[] {
  const { items } = jsonOf<{ items: readonly UserRow[] }>(answer)
  return items.map(({ name, role, hash, isFixed }) => `${name} ${role} ${hash}${isFixed ? ' fixed' : ''}`)
}

suite('users', () => {
  test('are made, changed and removed in the file, and can log in at once or no longer', async (t) => {
    const scene = await startGuarded(t)
    const { cache, users } = scene
    assert.deepEqual(rowsIn(await api(cache, '/users', { headers: asAlice })), [
      'alice admin bcrypt 4 fixed',
      'bob user bcrypt 4',
      'carol operator bcrypt 4 fixed',
    ])
    const added = await change(scene, 'PUT', { name: 'dave', password: 'long enough', role: 'operator' })
    assert.ok(rowsIn(added).includes('dave operator bcrypt 12'))
    const dave = await logIn(cache, 'dave', 'long enough')
    assert.match(await readFile(users, 'utf8'), /^dave:\$2y\$12\$[^:\n]+:role=operator$/m)
    const line = /^dave:[^:]+/m.exec(await readFile(users, 'utf8'))?.[0] ?? assert.fail()
    assert.ok(
      rowsIn(await change(scene, 'PUT', { name: 'dave', role: 'user' })).includes('dave user bcrypt 12'),
    )
    assert.ok((await readFile(users, 'utf8')).includes(`${line}\n`), 'the password stays')
    assert.equal((await api(cache, '/pins', { headers: dave })).status, 403)
    assert.equal((await api(cache, '/stats', { headers: dave })).status, 200)
    await change(scene, 'PUT', { name: 'dave', role: 'operator' })
    await change(scene, 'PUT', { name: 'dave', password: 'another one' })
    assert.equal((await api(cache, '/stats', { headers: dave })).status, 401, 'sessions end')
    const again = await logIn(cache, 'dave', 'another one')
    assert.equal((await api(cache, '/pins', { headers: again })).status, 200, 'the role stays')
    const removed = await change(scene, 'DELETE', { name: 'dave' })
    assert.equal(rowsIn(removed).length, 3)
    assert.equal((await api(cache, '/stats', { headers: again })).status, 401)
    assert.equal(codeOf(await change(scene, 'DELETE', { name: 'dave' })), 'not_found')
    const told = auditOf(cache).filter(({ action }) => action.startsWith('user.'))
    assert.deepEqual(
      told.map(({ who, action, target, outcome }) => `${who} ${action} ${target} ${outcome}`),
      [
        'alice user.add dave ok',
        'alice user.change dave ok',
        'alice user.change dave ok',
        'alice user.change dave ok',
        'alice user.rm dave ok',
        'alice user.rm dave refused',
      ],
    )
    assert.doesNotMatch(cache.log.text() + JSON.stringify(told), /long enough|another one|\$2y/)
  })

  test('keep an admin, whatever admins do', async (t) => {
    const scene = await startGuarded(t, { auth: { admins: [], operators: [] } })
    const lines = await readFile(scene.users, 'utf8')
    await writeFile(scene.users, lines.replace(/^(alice:.*)$/m, '$1:role=admin'))
    scene.clock.advance(1000)
    const before = await readFile(scene.users, 'utf8')
    for (const answer of [
      await change(scene, 'DELETE', { name: 'alice' }),
      await change(scene, 'PUT', { name: 'alice', role: 'operator' }),
    ]) {
      assert.equal(codeOf(answer), 'denied')
      assert.match(answer.body.toString(), /no admin left/)
    }
    assert.equal(await readFile(scene.users, 'utf8'), before)
    await change(scene, 'PUT', { name: 'bob', role: 'admin' })
    assert.equal(codeOf(await change(scene, 'PUT', { name: 'alice', role: 'operator' })), 'ok')
    assert.equal(codeOf(await change(scene, 'DELETE', { name: 'bob' })), 'denied', 'alice is none now')
    assert.equal(codeOf(await change(scene, 'DELETE', { name: 'bob' }, as('bob'))), 'denied', 'nor himself')
  })

  test('have names, passwords and roles that make sense', async (t) => {
    const scene = await startGuarded(t)
    const before = await readFile(scene.users, 'utf8')
    for (const body of [
      { name: 'dave' },
      { name: 'dave', role: 'user' },
      { name: 'dave', password: 'short' },
      { name: 'dave', password: 'x'.repeat(73) },
      { name: 'dave', password: 'with\ncontrol' },
      { name: 'dave', password: 'long enough', role: 'root' },
      { name: '', password: 'long enough' },
      { name: 'a:b', password: 'long enough' },
      { name: 'a\nroot:x', password: 'long enough' },
      { name: '#a', password: 'long enough' },
      { name: 'anonymous', password: 'long enough' },
      { name: 'carol', role: 'admin' },
      { name: 'alice', role: 'user' },
    ])
      assert.equal(codeOf(await change(scene, 'PUT', body)), 'bad_request', JSON.stringify(body))
    assert.equal(await readFile(scene.users, 'utf8'), before)
  })

  test('are for admins alone', async (t) => {
    const scene = await startGuarded(t)
    const body = { name: 'eve', password: 'long enough', role: 'admin' }
    for (const name of ['bob', 'carol']) {
      assert.equal(codeOf(await api(scene.cache, '/users', { headers: as(name) })), 'denied')
      assert.equal(codeOf(await change(scene, 'PUT', body, as(name))), 'denied')
      assert.equal(codeOf(await change(scene, 'DELETE', { name: 'alice' }, as(name))), 'denied')
    }
    assert.equal(codeOf(await change(scene, 'PUT', body, {})), 'unauthorized')
  })

  test('who set their own password stay where they are, their other sessions end', async (t) => {
    const scene = await startGuarded(t)
    const [here, there] = [
      await logIn(scene.cache, 'alice', 'wonder'),
      await logIn(scene.cache, 'alice', 'wonder'),
    ]
    const answer = await change(scene, 'PUT', { name: 'alice', password: 'wonderland' }, here)
    const next = { cookie: cookieIn(answer).pair }
    const statusOf = async (headers: Record<string, string>) =>
      (await api(scene.cache, '/users', { headers })).status
    assert.deepEqual([await statusOf(next), await statusOf(here), await statusOf(there)], [200, 401, 401])
    const other = await change(
      scene,
      'PUT',
      { name: 'bob', password: 'builder 2' },
      { ...next, 'x-csrf': '1' },
    )
    assert.equal(other.headers['set-cookie'], undefined)
  })

  test('do not leave their tokens to who gets their name', async (t) => {
    const scene = await startGuarded(t)
    const { cache } = scene
    const made = await api(cache, '/tokens', { method: 'PUT', body: { name: 'ci' }, headers: as('bob') })
    const { secret } = jsonOf<{ secret: string }>(made)
    const headers = { authorization: `Bearer ${secret}` }
    assert.equal((await api(cache, '/stats', { headers })).status, 200)
    await change(scene, 'DELETE', { name: 'bob' })
    assert.equal((await api(cache, '/stats', { headers })).status, 401)
    await change(scene, 'PUT', { name: 'bob', password: 'long enough' })
    assert.equal((await api(cache, '/stats', { headers })).status, 401)
  })

  test('can be made from this machine where there are none', async (t) => {
    const { cache } = await startOpen(t)
    const { items } = await apiOf(cache).put('/users', {
      name: 'alice',
      password: 'wonderland',
      role: 'admin',
    })
    assert.deepEqual(
      items.map(({ name, role }) => `${name} ${role}`),
      ['alice admin'],
    )
    assert.equal(await cache.app.setupPath(), undefined)
    await logIn(cache, 'alice', 'wonderland')
  })

  test('whose file cannot be written stay as they are, and it is said why', async (t) => {
    if (process.getuid?.() === 0) return t.skip('root may write anything')
    const scene = await startGuarded(t)
    const folder = dirname(scene.users)
    await chmod(folder, 0o500)
    t.after(() => chmod(folder, 0o700))
    const answer = await change(scene, 'DELETE', { name: 'bob' })
    assert.equal(codeOf(answer), 'denied')
    assert.match(answer.body.toString(), /cannot be changed: the server may not/)
    assert.doesNotMatch(answer.body.toString(), new RegExp(folder))
    return undefined
  })
})
