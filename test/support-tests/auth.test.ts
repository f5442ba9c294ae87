import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { fakeClock } from '../support/clock.ts'
import { type FakeUpstream, type FakeUpstreamOptions, startFakeUpstream } from '../support/fake-upstream.ts'
import { type Fetched, fetchAll } from '../support/http.ts'

async function hubFor(t: TestContext, options: FakeUpstreamOptions) {
  const hub = await startFakeUpstream({ auth: 'bearer', ...options })
  t.after(() => hub.close())
  hub.addImage('library/a', { tags: ['1'] })
  return hub
}

const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

interface TokenAnswer {
  readonly token: string
  readonly access_token: string
  readonly expires_in?: number
  readonly issued_at: string
}

async function askToken(hub: FakeUpstream, scope: string, authorization?: string): Promise<Fetched> {
  const headers = authorization === undefined ? {} : { authorization }
  return fetchAll(`${hub.tokenUrl}?service=registry.fake&scope=${scope}`, { headers })
}

async function tokenFor(hub: FakeUpstream, repo: string, authorization?: string): Promise<string> {
  const { body } = await askToken(hub, `repository:${repo}:pull`, authorization)
  return (JSON.parse(body.toString()) as TokenAnswer).token
}

const pull = (hub: FakeUpstream, token?: string, repo = 'library/a') =>
  fetchAll(`${hub.url}/v2/${repo}/manifests/1`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })

void describe('bearer tokens', () => {
  void it('are asked for by a challenge that names realm, service and scope', async (t) => {
    const hub = await hubFor(t, {})
    const { status, headers } = await pull(hub)
    assert.equal(status, 401)
    assert.equal(
      headers['www-authenticate'],
      `Bearer realm="${hub.url}/token",service="registry.fake",scope="repository:library/a:pull"`,
    )
    const ping = await fetchAll(`${hub.url}/v2/`)
    assert.equal(ping.status, 401)
    assert.equal(ping.headers['www-authenticate'], `Bearer realm="${hub.url}/token",service="registry.fake"`)
  })

  void it('open the repository of their scope until they expire', async (t) => {
    const now = fakeClock()
    const hub = await hubFor(t, { now, tokenTtl: 60 })
    hub.addImage('library/b', { tags: ['1'] })
    const answer = await askToken(hub, 'repository:library/a:pull')
    const json = JSON.parse(answer.body.toString()) as TokenAnswer
    assert.equal(json.expires_in, 60)
    assert.equal(json.access_token, json.token)
    assert.equal(json.issued_at, new Date(now()).toISOString())
    assert.match(json.token, /CANARY/)
    assert.equal((await pull(hub, json.token)).status, 200)
    const other = await pull(hub, json.token, 'library/b')
    assert.equal(other.status, 401)
    assert.match(other.headers['www-authenticate'] ?? '', /error="insufficient_scope"/)
    now.advance(60_000)
    const late = await pull(hub, json.token)
    assert.equal(late.status, 401)
    assert.match(late.headers['www-authenticate'] ?? '', /error="invalid_token"/)
  })

  void it('may carry several scopes and open the ping', async (t) => {
    const hub = await hubFor(t, {})
    hub.addImage('library/b', { tags: ['1'] })
    const answer = await askToken(hub, 'repository:library/a:pull&scope=repository:library/b:push,pull')
    const { token } = JSON.parse(answer.body.toString()) as TokenAnswer
    assert.equal((await pull(hub, token)).status, 200)
    assert.equal((await pull(hub, token, 'library/b')).status, 200)
    const headers = { authorization: `Bearer ${token}` }
    assert.equal((await fetchAll(`${hub.url}/v2/`, { headers })).status, 200)
  })

  void it('leave out expires_in when told to', async (t) => {
    const hub = await hubFor(t, { omitExpiresIn: true })
    const answer = await askToken(hub, 'repository:library/a:pull')
    assert.equal('expires_in' in (JSON.parse(answer.body.toString()) as TokenAnswer), false)
  })

  void it('are given to users alone where there are users', async (t) => {
    const hub = await hubFor(t, { users: { me: 'CANARY-password' } })
    assert.equal((await askToken(hub, 'repository:library/a:pull')).status, 401)
    assert.equal((await askToken(hub, 'repository:library/a:pull', basic('me', 'no'))).status, 401)
    const token = await tokenFor(hub, 'library/a', basic('me', 'CANARY-password'))
    assert.equal((await pull(hub, token)).status, 200)
  })

  void it('of nobody in particular do not open private repositories', async (t) => {
    const hub = await hubFor(t, { users: { me: 'pw' }, anonymous: true, privateRepos: ['org/secret'] })
    hub.addImage('org/secret', { tags: ['1'] })
    assert.equal((await pull(hub, await tokenFor(hub, 'library/a'))).status, 200)
    assert.equal((await pull(hub, await tokenFor(hub, 'org/secret'), 'org/secret')).status, 401)
    const token = await tokenFor(hub, 'org/secret', basic('me', 'pw'))
    assert.equal((await pull(hub, token, 'org/secret')).status, 200)
  })

  void it('can come from an origin of their own', async (t) => {
    const hub = await hubFor(t, { tokenOrigin: 'separate' })
    assert.notEqual(new URL(hub.tokenUrl).host, hub.host)
    assert.equal((await pull(hub, await tokenFor(hub, 'library/a'))).status, 200)
    assert.equal(hub.requests.count({ role: 'token', kind: 'token' }), 1)
    assert.equal((await fetchAll(`${hub.url}/token`)).status, 401)
  })

  void it('are refused to POST, so that clients fall back to GET', async (t) => {
    const hub = await hubFor(t, {})
    assert.equal((await fetchAll(hub.tokenUrl, { method: 'POST', body: 'grant_type=password' })).status, 405)
  })

  void it('die when a fault says so, and can be dead from the start', async (t) => {
    const hub = await hubFor(t, {})
    const token = await tokenFor(hub, 'library/a')
    hub.faults.add({ when: { kind: 'manifest' }, times: 1, fault: { expireToken: true } })
    assert.equal((await pull(hub, token)).status, 401)
    assert.equal((await pull(hub, token)).status, 401)
    hub.faults.add({ when: { role: 'token' }, times: 1, fault: { expireToken: true } })
    assert.equal((await pull(hub, await tokenFor(hub, 'library/a'))).status, 401)
    assert.equal((await pull(hub, await tokenFor(hub, 'library/a'))).status, 200)
  })
})

void describe('basic authentication', () => {
  void it('is asked for everywhere and checked', async (t) => {
    const hub = await hubFor(t, { auth: 'basic', users: { me: 'pw' } })
    const get = (authorization?: string) =>
      fetchAll(`${hub.url}/v2/`, { headers: authorization === undefined ? {} : { authorization } })
    const refused = await get()
    assert.equal(refused.status, 401)
    assert.equal(refused.headers['www-authenticate'], 'Basic realm="fake"')
    assert.equal((await get(basic('me', 'wrong'))).status, 401)
    assert.equal((await get(basic('me', 'pw'))).status, 200)
  })
})

void describe('the CDN', () => {
  async function redirected(t: TestContext, options: FakeUpstreamOptions = {}) {
    const hub = await hubFor(t, { auth: 'none', blobs: 'redirect', ...options })
    const { digest } = hub.addBlob('library/a', Buffer.from('0123456789'))
    const url = `${hub.url}/v2/library/a/blobs/${digest}`
    const location = async () => {
      const answer = await fetchAll(url)
      assert.equal(answer.status, 307)
      return answer.headers.location ?? ''
    }
    return { hub, digest, location }
  }

  void it('is another origin that serves what the registry signed', async (t) => {
    const { hub, digest, location } = await redirected(t)
    const url = await location()
    assert.ok(url.startsWith(`${hub.cdnUrl}/`))
    assert.notEqual(new URL(url).host, hub.host)
    assert.match(url, /X-Amz-Signature=CANARY/)
    const whole = await fetchAll(url)
    assert.equal(whole.body.toString(), '0123456789')
    assert.equal(whole.headers['content-type'], 'application/octet-stream')
    assert.equal((await fetchAll(url, { method: 'HEAD' })).headers['content-length'], '10')
    const part = await fetchAll(url, { headers: { range: 'bytes=7-' } })
    assert.deepEqual([part.status, part.body.toString()], [206, '789'])
    assert.deepEqual(
      hub.requests.list({ role: 'cdn' }).map((r) => [r.kind, r.repo, r.ref]),
      Array.from({ length: 3 }, () => ['cdn', 'library/a', digest]),
    )
    assert.equal(hub.requests.bytes({ ref: digest }), 13)
  })

  void it('refuses and records whoever shows credentials', async (t) => {
    const { hub, location } = await redirected(t)
    const got = await fetchAll(await location(), { headers: { authorization: 'Bearer CANARY' } })
    assert.equal(got.status, 400)
    assert.equal(hub.requests.list({ role: 'cdn' })[0]?.headers.authorization, 'Bearer CANARY')
  })

  void it('lets signed URLs expire by the clock or by a fault', async (t) => {
    const now = fakeClock()
    const { hub, location } = await redirected(t, { now, redirectTtl: 10 })
    const url = await location()
    assert.equal((await fetchAll(url)).status, 200)
    now.advance(10_000)
    assert.equal((await fetchAll(url)).status, 403)
    hub.faults.add({ when: { role: 'cdn' }, times: 1, fault: { expireRedirect: true } })
    const second = await location()
    assert.equal((await fetchAll(second)).status, 403)
    assert.equal((await fetchAll(second)).status, 403)
    hub.faults.add({ when: { kind: 'blob' }, times: 1, fault: { expireRedirect: true } })
    assert.equal((await fetchAll(await location())).status, 403)
    assert.equal((await fetchAll(await location())).status, 200)
    assert.equal((await fetchAll(`${hub.cdnUrl}/blobs/unsigned`)).status, 403)
  })
})
