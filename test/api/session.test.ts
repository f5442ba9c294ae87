import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { HOUR, SECOND } from '../../src/domain/clock.ts'
import { VERSION } from '../../src/domain/version.ts'
import { bcryptLine } from '../auth/support.ts'
import {
  as,
  auditOf,
  from,
  HOME,
  linesOf,
  PASSWORDS,
  STRANGER,
  startGuarded,
  startOpen,
} from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { listen } from './live-support.ts'
import { api, codeOf, cookieIn, logIn, post, sessionOf } from './session-support.ts'

const open = { auth: { anonymous_pull: 'private' } }

suite('logging in', () => {
  test('gives a cookie that opens the API for what the user may do, until it is given back', async (t) => {
    const { cache } = await startGuarded(t, open)
    const before = sessionOf(await api(cache, '/session'))
    assert.deepEqual(before, { canSetUp: false, mayPull: true, version: VERSION, base: cache.url })
    const answer = await post(cache, 'carol', 'singer')
    assert.deepEqual(sessionOf(answer).user, { name: 'carol', role: 'operator' })
    const { pair, attributes } = cookieIn(answer)
    assert.match(pair, /^cachalot_session=[\w-]{43}$/)
    assert.deepEqual(attributes, ['Path=/', 'Max-Age=604800', 'HttpOnly', 'SameSite=Lax'])
    assert.equal(answer.headers['cache-control'], 'no-store')
    const headers = { cookie: pair, 'x-csrf': '1' }
    const statusOf = async (path: string) => (await api(cache, path, { headers })).status
    assert.deepEqual(
      [await statusOf('/stats'), await statusOf('/pins'), await statusOf('/keys')],
      [200, 200, 403],
    )
    assert.equal(sessionOf(await api(cache, '/session', { headers })).user?.name, 'carol')
    const gone = await api(cache, '/session', { method: 'DELETE', headers })
    assert.equal(sessionOf(gone).user, undefined)
    assert.deepEqual(cookieIn(gone).attributes.slice(0, 2), ['Path=/', 'Max-Age=0'])
    assert.equal(await statusOf('/stats'), 401)
    assert.equal((await api(cache, '/session', { headers })).status, 200, 'an old cookie is no error')
    const again = await api(cache, '/session', { method: 'DELETE', headers })
    assert.equal(again.status, 200)
  })

  test('tells nobody anything but that it was wrong, slows who guesses, and writes both down', async (t) => {
    const { cache, clock } = await startGuarded(t, open)
    const said = async (user: string, password: string) => {
      const { status, body } = await post(cache, user, password)
      return `${status} ${body.toString()}`
    }
    const wrong = await said('alice', 'guess')
    assert.match(wrong, /^401 .*wrong user name or password/)
    assert.equal(await said('nobody', 'guess'), wrong)
    assert.equal(await said('', ''), wrong)
    let last = await post(cache, 'alice', 'guess 0')
    for (let n = 1; n < 6; n++) last = await post(cache, 'alice', `guess ${n}`)
    assert.equal(codeOf(last), 'too_many_requests')
    assert.ok(Number(last.headers['retry-after']) > 0)
    assert.equal((await post(cache, 'alice', 'wonder')).status, 429, 'also for who knows it')
    clock.advance(HOUR)
    assert.equal((await post(cache, 'alice', 'wonder')).status, 200)
    assert.equal((await post(cache, 'alice', 'wonder')).status, 200)
    const logins = auditOf(cache).filter(({ action }) => action === 'login')
    const told = logins.map(({ who, outcome }) => `${who} ${outcome}`)
    assert.deepEqual(told.slice(0, 2), ['alice refused', 'unknown user refused'])
    assert.deepEqual(told.slice(-2), ['alice ok', 'alice ok'], 'every one, remembered or not')
    assert.equal(logins.at(-1)?.address, '127.0.0.1')
    assert.doesNotMatch(cache.log.text(), /wonder|guess/)
  })

  test('costs who guesses as much as any other wrong password', async (t) => {
    const { cache } = await startPair(t, { config: { limits: { requests: '40/h', allow: [] } } })
    await writeFile(join(cache.dataDir, 'htpasswd'), linesOf(PASSWORDS))
    const answers: number[] = []
    for (let n = 0; n < 10; n++) answers.push((await post(cache, `user ${n}`, 'guess')).status)
    assert.equal(answers[0], 401)
    assert.equal(answers.at(-1), 429)
    assert.ok(answers.filter((status) => status === 401).length <= 8, String(answers))
  })

  test('takes another cookie each time, and ends the one there was', async (t) => {
    const { cache } = await startGuarded(t, open)
    const first = await logIn(cache, 'bob', 'builder')
    const second = await logIn(cache, 'carol', 'singer', first)
    assert.notEqual(first.cookie, second.cookie)
    assert.equal((await api(cache, '/stats', { headers: first })).status, 401)
    assert.equal((await api(cache, '/stats', { headers: second })).status, 200)
    // A cookie that somebody made up becomes nobody's session.
    const chosen = { cookie: `cachalot_session=${'A'.repeat(43)}` }
    const third = await logIn(cache, 'bob', 'builder', chosen)
    assert.notEqual(third.cookie, chosen.cookie)
    assert.equal((await api(cache, '/stats', { headers: chosen })).status, 401)
  })

  test('takes JSON alone, of the right shape', async (t) => {
    const { cache } = await startGuarded(t, open)
    const body = JSON.stringify({ user: 'alice', password: 'wonder' })
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const headers = { 'content-type': type }
      const answer = await cache.fetch('/api/v1/session', { method: 'POST', headers, body, lint: false })
      assert.equal(answer.status, 400, type)
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    for (const wrong of [
      {},
      { user: 'alice' },
      { user: 'alice', password: 7 },
      { user: 'alice', password: 'wonder', role: 'admin' },
      { user: 'alice', password: 'wonder\0' },
      { user: ['alice'], password: 'wonder' },
      { user: 'alice', password: 'x'.repeat(2000) },
      [],
    ]) {
      const answer = await api(cache, '/session', { method: 'POST', body: wrong })
      assert.equal(codeOf(answer), 'bad_request', JSON.stringify(wrong).slice(0, 60))
      assert.doesNotMatch(answer.body.toString(), /wonder/)
    }
  })
})

suite('a session on the server', () => {
  test('outlives a restart, ends after twelve hours unused, and is nowhere in log or index', async (t) => {
    const { cache, clock } = await startGuarded(t, open)
    const headers = await logIn(cache, 'bob', 'builder')
    const statusOf = async () => (await api(cache, '/stats', { headers })).status
    await cache.restart()
    assert.equal(await statusOf(), 200)
    clock.advance(11 * HOUR)
    assert.equal(await statusOf(), 200)
    clock.advance(11 * HOUR)
    assert.equal(await statusOf(), 200)
    clock.advance(12 * HOUR)
    assert.equal(await statusOf(), 401)
    const secret = headers.cookie.split('=')[1] ?? assert.fail()
    assert.ok(!cache.log.text().includes(secret))
    for (const file of ['cachalot.db', 'cachalot.db-wal']) {
      const text = await readFile(join(cache.dataDir, file), 'latin1').catch(() => '')
      assert.ok(!text.includes(secret), file)
    }
  })

  test('of an open tab that nobody looks at ends too, and its stream of events with it', async (t) => {
    const { cache, clock } = await startGuarded(t, open)
    const { cookie } = await logIn(cache, 'carol', 'singer')
    const stream = { cookie, accept: 'text/event-stream' }
    const ear = await listen({ port: cache.port }, '/events?topics=live', stream)
    await ear.next('live')
    const byItself = { cookie, 'x-unattended': '1' }
    const userBy = async (headers: Record<string, string>) =>
      sessionOf(await api(cache, '/session', { headers })).user?.name
    for (let hours = 0; hours < 12; hours += 2) {
      assert.equal(await userBy(byItself), 'carol')
      const again = await listen({ port: cache.port }, '/events?topics=live', stream)
      again.leave()
      clock.advance(2 * HOUR)
    }
    assert.equal(await userBy(byItself), undefined)
    await ear.ended
    const refused = await listen({ port: cache.port }, '/events?topics=live', stream)
    assert.equal(refused.status, 401)
    const used = await logIn(cache, 'carol', 'singer')
    clock.advance(11 * HOUR)
    assert.equal(await userBy({ cookie: used.cookie }), 'carol')
    clock.advance(11 * HOUR)
    assert.equal(await userBy({ cookie: used.cookie }), 'carol')
  })

  test('ends when the line of its user changes or goes, whoever wrote it; the role is that of now', async (t) => {
    const { cache, clock, users } = await startGuarded(t, { auth: { admins: [], operators: [] } })
    const bob = await logIn(cache, 'bob', 'builder')
    const carol = await logIn(cache, 'carol', 'singer')
    const statusOf = async (headers: Record<string, string>, path = '/stats') =>
      (await api(cache, path, { headers })).status
    assert.equal(await statusOf(bob, '/pins'), 403)
    const lines = await readFile(users, 'utf8')
    await writeFile(users, lines.replace(/^(bob:.*)$/m, '$1:role=operator'))
    clock.advance(SECOND)
    assert.equal(await statusOf(bob, '/pins'), 200)
    await writeFile(users, lines.replace(/^bob:.*\n/m, bcryptLine('bob', 'another')))
    clock.advance(SECOND)
    assert.deepEqual([await statusOf(bob), await statusOf(carol)], [401, 200])
    await writeFile(users, lines.replace(/^carol:.*\n/m, ''))
    clock.advance(SECOND)
    assert.deepEqual([await statusOf(bob), await statusOf(carol)], [401, 401])
    await cache.reload({ config: { auth: { operators: ['bob'] } } })
    const later = await logIn(cache, 'bob', 'builder')
    assert.equal(await statusOf(later, '/pins'), 200)
    await cache.reload({ config: { auth: { operators: [] } } })
    assert.equal(await statusOf(later, '/pins'), 403)
  })

  test('tells whether this client pulls without a login, and how clients call this cache', async (t) => {
    const { cache } = await startGuarded(t, open)
    const shown = async (headers: Record<string, string>) =>
      sessionOf(await api(cache, '/session', { headers }))
    assert.equal((await shown(from(HOME))).mayPull, true)
    assert.equal((await shown(from(STRANGER))).mayPull, false)
    assert.equal((await shown({ host: 'NAS:5000' })).base, 'http://nas:5000')
    assert.equal((await shown({ host: '[::1]:5000' })).base, 'http://[::1]:5000')
    assert.equal((await shown({ 'x-forwarded-proto': 'https', host: 'c.lan' })).base, 'https://c.lan')
    await cache.reload({ config: { server: { public_url: 'https://cache.example.com' } } })
    assert.equal((await shown({})).base, 'https://cache.example.com')
  })

  test('is asked for without a window of the browser where a page asks', async (t) => {
    const { cache } = await startGuarded(t, open)
    const schemeOf = async (headers: Record<string, string>) =>
      (await api(cache, '/stats', { headers })).headers['www-authenticate']?.split(' ')[0]
    assert.equal(await schemeOf({}), 'Basic')
    assert.equal(await schemeOf({ 'sec-fetch-dest': 'document' }), 'Basic')
    for (const headers of [
      { 'sec-fetch-dest': 'empty' },
      { 'x-csrf': '1' },
      { referer: `${cache.url}/ui/` },
      { cookie: `cachalot_session=${'A'.repeat(43)}` },
    ])
      assert.equal(await schemeOf(headers), 'Session', JSON.stringify(headers))
  })
})

suite('POST /setup-admin', () => {
  const tokenOf = (path: string | undefined): string => path?.split('token=')[1] ?? assert.fail('no link')

  test('makes the first admin, once, and logs in at once', async (t) => {
    const { cache } = await startOpen(t)
    assert.equal(sessionOf(await api(cache, '/session')).canSetUp, true)
    const token = tokenOf(await cache.app.setupPath())
    const send = (body: object) => api(cache, '/setup-admin', { method: 'POST', body })
    const wrong = await send({ token: 'x', user: 'eve', password: 'intruding' })
    assert.equal(codeOf(wrong), 'denied')
    assert.equal(codeOf(await send({ token, user: 'alice', password: 'short' })), 'bad_request')
    assert.equal(codeOf(await send({ token, user: 'a:b', password: 'long enough' })), 'bad_request')
    const made = await send({ token, user: 'alice', password: 'wonderland' })
    assert.deepEqual(sessionOf(made).user, { name: 'alice', role: 'admin' })
    assert.equal(sessionOf(made).canSetUp, false)
    const headers = { cookie: cookieIn(made).pair }
    // The clock stands still: nothing here waits for the file to be looked at again.
    assert.equal((await api(cache, '/users', { headers })).status, 200)
    assert.equal(codeOf(await send({ token, user: 'eve', password: 'intruding' })), 'denied')
    const told = auditOf(cache).map(({ who, action, outcome }) => `${who} ${action} ${outcome}`)
    assert.deepEqual(told, ['alice setup ok'], 'of refusals the log tells')
    assert.equal(cache.log.entries.filter(({ message }) => message?.includes('was not made')).length, 4)
    assert.doesNotMatch(cache.log.text(), new RegExp(`wonderland|${token}`))
  })

  test('is denied where there are users', async (t) => {
    const { cache } = await startGuarded(t, open)
    const body = { token: '', user: 'eve', password: 'intruding' }
    assert.equal(codeOf(await api(cache, '/setup-admin', { method: 'POST', body })), 'denied')
    assert.equal((await api(cache, '/stats', { headers: as('alice') })).status, 200)
  })
})
