import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { api, codeOf, cookieIn, logIn, post, sessionOf } from '../api/session-support.ts'
import { manifestPath } from '../e2e/support.ts'
import { startSecure } from '../http/secure.ts'
import { fetchAll } from '../support/http.ts'
import { as, auditOf, from, linesOf, PASSWORDS, STRANGER, startGuarded } from './access-support.ts'

const pin = { method: 'PUT', body: { match: ['docker.io/library/x'] } } as const

suite('a session', () => {
  test('changes nothing for pages of other sites, of neighbouring hosts, or of other ports', async (t) => {
    const { cache } = await startGuarded(t)
    const { cookie } = await logIn(cache, 'carol', 'singer')
    const change = (headers: Record<string, string>) =>
      api(cache, '/pins', { ...pin, headers: { cookie, ...headers } })
    const own = { origin: cache.url, 'sec-fetch-site': 'same-origin', 'x-csrf': '1' }
    assert.equal((await change(own)).status, 200)
    assert.equal((await change({ 'x-csrf': '1' })).status, 200)
    for (const headers of [
      {},
      { 'x-csrf': '' },
      { 'x-csrf': '0' },
      { 'x-csrf': 'true' },
      { origin: cache.url, 'sec-fetch-site': 'same-origin' },
      { ...own, origin: 'https://evil.example' },
      { ...own, origin: 'http://127.0.0.1:1' },
      { ...own, origin: 'null' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      { ...own, 'sec-fetch-site': 'same-site' },
    ])
      assert.equal(codeOf(await change(headers)), 'denied', JSON.stringify(headers))
    const out = await api(cache, '/session', { method: 'DELETE', headers: { cookie } })
    assert.equal(codeOf(out), 'denied', 'nor is anybody logged out')
    assert.equal((await api(cache, '/pins', { headers: { cookie } })).status, 200)
  })

  test('is no login to pull with', async (t) => {
    const { hub, cache, ask } = await startGuarded(t, { auth: { anonymous_pull: 'none' } })
    hub.addImage('library/app', { tags: ['1'] })
    const headers = await logIn(cache, 'alice', 'wonder')
    for (const path of ['/v2/', manifestPath('1', 'library/app'), '/v2/_catalog']) {
      assert.equal((await ask(path, headers)).status, 401, path)
      assert.equal((await ask(path, headers, 'HEAD')).status, 401, path)
    }
    assert.equal((await ask(manifestPath('1', 'library/app'), headers, 'DELETE')).status, 401)
    assert.equal(hub.requests.count(), 0)
  })

  test('is none for a cookie that anybody else set or guessed', async (t) => {
    const { cache } = await startGuarded(t)
    const { cookie } = await logIn(cache, 'alice', 'wonder')
    const [name = '', secret = ''] = cookie.split('=')
    for (const forged of [
      `${name}=${secret}; ${name}=${'A'.repeat(43)}`,
      `${name}=${'A'.repeat(43)}; ${name}=${secret}`,
      `${name}="${secret}"`,
      `${name}=${secret}x`,
      `${name}=${secret.slice(0, -1)}`,
      `__Host-${name}=${secret}`,
      `session=${secret}`,
      `${name}=`,
      `${name}=../../users`,
      `${name}=' OR 1=1 --`,
      'x'.repeat(6000),
    ])
      assert.equal((await api(cache, '/stats', { headers: { cookie: forged } })).status, 401, forged)
    assert.equal((await api(cache, '/stats', { headers: { cookie: `x=y; ${cookie}` } })).status, 200)
  })

  test('of a user does nothing beside a wrong password or token: who says who they are is taken at their word', async (t) => {
    const { cache } = await startGuarded(t)
    const session = await logIn(cache, 'alice', 'wonder')
    for (const authorization of ['Bearer ct_wrong', 'Bearer x', as('bob', 'guess')['authorization'] ?? '']) {
      const headers = { ...session, authorization }
      assert.equal((await api(cache, '/stats', { headers })).status, 401, authorization)
    }
    const asBob = sessionOf(await api(cache, '/session', { headers: { ...session, ...as('bob') } }))
    assert.equal(asBob.user?.name, 'bob')
  })

  test('is bound to https where it was begun by https, whoever ended TLS', async (t) => {
    const { cache } = await startGuarded(t)
    const https = { 'x-forwarded-proto': 'https' }
    const { pair, attributes } = cookieIn(await post(cache, 'alice', 'wonder', https))
    assert.match(pair, /^__Host-cachalot_session=/)
    assert.ok(attributes.includes('Secure') && attributes.includes('HttpOnly'))
    assert.ok(attributes.includes('Path=/') && !attributes.some((one) => one.startsWith('Domain')))
    const statusOf = async (headers: Record<string, string>) =>
      (await api(cache, '/stats', { headers })).status
    assert.equal(await statusOf({ ...https, cookie: pair }), 200)
    assert.equal(await statusOf({ cookie: pair }), 401)
    const renamed = pair.replace('__Host-', '')
    assert.deepEqual([await statusOf({ ...https, cookie: renamed })], [401])
    await cache.reload({ config: { server: { trusted_proxies: [] } } })
    const claimed = cookieIn(await post(cache, 'alice', 'wonder', https))
    assert.match(claimed.pair, /^cachalot_session=/, 'a stranger’s word is none')
  })

  test('is bound to https by our own TLS', async (t) => {
    const { cache, url, ca } = await startSecure(t)
    await writeFile(join(cache.dataDir, 'htpasswd'), linesOf(PASSWORDS))
    const body = JSON.stringify({ user: 'alice', password: 'wonder' })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetchAll(`${url}/api/v1/session`, { ca, method: 'POST', headers, body, lint: false })
    const { pair, attributes } = cookieIn(answer)
    assert.match(pair, /^__Host-cachalot_session=/)
    assert.ok(attributes.includes('Secure'))
    assert.equal(sessionOf(answer).base, url)
    const stats = await fetchAll(`${url}/api/v1/stats`, { ca, headers: { cookie: pair }, lint: false })
    assert.equal(stats.status, 200)
  })
})

suite('a page of evil.example whose name leads here', () => {
  const evil = { host: 'evil.example:5000', origin: 'http://evil.example:5000' }

  test('gets nothing of the API, not even a guess at a password', async (t) => {
    const { cache } = await startGuarded(t, { auth: { anonymous_pull: 'all' } })
    const session = await logIn(cache, 'alice', 'wonder')
    for (const [path, method] of [
      ['/session', 'GET'],
      ['/session', 'POST'],
      ['/session', 'DELETE'],
      ['/setup-admin', 'POST'],
      ['/stats', 'GET'],
      ['/users', 'PUT'],
    ] as const) {
      const body = method === 'GET' ? undefined : { user: 'alice', password: 'wonder' }
      for (const headers of [evil, { ...evil, ...session }, { ...evil, ...as('alice') }]) {
        const answer = await api(cache, path, { method, body, headers })
        assert.equal(codeOf(answer), 'denied', `${method} ${path}`)
        assert.equal(answer.headers['set-cookie'], undefined)
        assert.equal(answer.headers['access-control-allow-origin'], undefined)
      }
    }
    assert.deepEqual(
      auditOf(cache)
        .map(({ action }) => action)
        .slice(1),
      [],
      'nothing was even tried',
    )
  })

  test('gets no page to log in on; by names of our own there is one', async (t) => {
    const { cache } = await startGuarded(t)
    const statusOf = async (host: string, path = '/ui/') =>
      (await cache.fetch(path, { headers: { host }, lint: false })).status
    assert.equal(await statusOf('evil.example'), 403)
    assert.equal(await statusOf('evil.example', '/ui/setup-admin?token=x'), 403)
    for (const host of ['nas:5000', 'cache.lan:5000', '192.168.1.5:5000', 'localhost'])
      assert.equal(await statusOf(host), 404, host)
    const text = (await cache.fetch('/ui/', { headers: { host: 'evil.example' } })).body.toString()
    assert.match(text, /not known as "evil\.example".*server\.public_url/)
    assert.equal(await statusOf('evil.example', '/healthz'), 200)
    assert.equal((await cache.fetch('/v2/', { headers: { host: 'evil.example' } })).status, 401)
    await cache.reload({ config: { server: { public_url: 'https://cache.example.com' } } })
    assert.deepEqual([await statusOf('cache.example.com'), await statusOf('nas:5000')], [404, 403])
  })
})

test('nobody learns from the way in who has a session, and nothing of it is kept by caches', async (t) => {
  const { cache } = await startGuarded(t)
  const session = await logIn(cache, 'alice', 'wonder')
  for (const headers of [{}, session, from(STRANGER)]) {
    const answer = await api(cache, '/session', { headers })
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['set-cookie'], undefined)
  }
})
