import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { GoSettings } from '../../../src/frontends/go/settings.ts'
import { fakeClock } from '../../support/clock.ts'
import { type FakeGo, startFakeGo } from '../../support/fake-go.ts'
import { type GoLab, type GoLabOptions, startGoLab } from '../../support/fake-go-lab.ts'

const MODULE = 'example.com/Foo/bar'
const BASE = '/go/example.com/%21foo/bar'

async function start(
  t: TestContext,
  settings: Partial<GoSettings> = {},
  options: Omit<GoLabOptions, 'upstreams' | 'settings'> = {},
): Promise<{ go: FakeGo; lab: GoLab }> {
  const go = await startFakeGo(t)
  go.publish({ module: MODULE, version: 'v1.0.0' })
  go.publish({ module: MODULE, version: 'v1.1.0' })
  const lab = await startGoLab(t, { upstreams: [{ name: 'proxy.test', url: go.url }], settings, ...options })
  return { go, lab }
}

test('every file of a module: first from upstream, then from here', async (t) => {
  const { go, lab } = await start(t)
  go.branch(MODULE, 'main', 'v1.1.0')
  const types = {
    '@v/list': 'text/plain; charset=utf-8',
    '@latest': 'application/json',
    '@v/main.info': 'application/json',
    '@v/v1.0.0.info': 'application/json',
    '@v/v1.0.0.mod': 'text/plain; charset=utf-8',
    '@v/v1.0.0.zip': 'application/zip',
  }
  for (const [path, type] of Object.entries(types)) {
    const cold = await lab.get(`${BASE}/${path}`)
    const warm = await lab.get(`${BASE}/${path}`)
    assert.deepEqual([cold.status, cold.headers['x-cache']], [200, 'miss'], path)
    assert.deepEqual([warm.status, warm.headers['x-cache']], [200, 'hit'], path)
    assert.ok(warm.body.equals(cold.body))
    for (const { headers } of [cold, warm]) {
      assert.equal(headers['content-type'], type)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(String(headers['content-security-policy']), /sandbox/)
      assert.ok(headers['x-request-id'])
    }
  }
  assert.equal(go.requests.length, Object.keys(types).length)
  assert.equal(go.asked(/^\/example\.com\/!foo\/bar\/@v\/v1\.0\.0\.zip$/).length, 1)
})

test('HEAD, ranges and conditions', async (t) => {
  const { go, lab } = await start(t)
  const zip = `${BASE}/@v/v1.0.0.zip`
  const head = await lab.get(zip, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.deepEqual(
    go.requests.map(({ method }) => method),
    ['HEAD'],
  )
  const whole = await lab.get(zip)
  assert.equal(Number(head.headers['content-length']), whole.body.length)
  const part = await lab.get(zip, { headers: { range: 'bytes=10-19' } })
  assert.equal(part.status, 206)
  assert.ok(part.body.equals(whole.body.subarray(10, 20)))
  assert.equal((await lab.get(zip, { headers: { range: 'bytes=999999-' } })).status, 416)
  await lab.landed()
  const { etag } = (await lab.get(zip)).headers
  const same = await lab.get(zip, { headers: { 'if-none-match': String(etag) } })
  assert.deepEqual([same.status, same.body.length], [304, 0])
})

test('what is not there is said as the upstream says it, and remembered', async (t) => {
  const { go, lab } = await start(t)
  go.answer('/example.com/gone/@v/list', { status: 410, body: 'gone for good' })
  for (let i = 0; i < 2; i++) {
    const missing = await lab.get('/go/example.com/nothing/@v/list')
    assert.equal(missing.status, 404)
    assert.match(missing.body.toString(), /^not found: .*proxy\.test 404/)
    assert.equal((await lab.get('/go/example.com/gone/@v/list')).status, 410)
  }
  assert.equal(go.requests.length, 2)
})

test('malformed paths are not found, and nobody is asked', async (t) => {
  const { go, lab } = await start(t)
  for (const path of [
    '/go',
    '/go/',
    '/go/example.com/Foo/@v/list',
    '/go/x/@v/list',
    '/go/example.com%2fa/@latest',
  ]) {
    const { status, headers, body } = await lab.get(path)
    assert.equal(status, 404, path)
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(body.toString(), /^[\x20-\x7e]+\n$/)
  }
  const post = await lab.get(`${BASE}/@v/list`, { method: 'POST' })
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
  assert.equal(go.requests.length, 0)
})

test('lists are asked for again when they are due, and served stale while nobody answers', async (t) => {
  const clock = fakeClock()
  const { go, lab } = await start(t, {}, { clock })
  const list = () => lab.get(`${BASE}/@v/list`)
  assert.equal((await list()).body.toString(), 'v1.0.0\nv1.1.0\n')
  clock.advance(61_000)
  assert.equal((await list()).headers['x-cache'], 'revalidated')
  go.publish({ module: MODULE, version: 'v1.2.0' })
  assert.equal((await list()).body.toString(), 'v1.0.0\nv1.1.0\n')
  clock.advance(61_000)
  assert.equal((await list()).body.toString(), 'v1.0.0\nv1.1.0\nv1.2.0\n')
  go.state = 'down'
  clock.advance(400 * 86_400_000)
  const stale = await list()
  assert.deepEqual([stale.status, stale.headers['x-cache']], [200, 'stale'])
  assert.match(String(stale.headers.warning), /^299 - "served stale: /)
})

test('an upstream that fails is 502, or 404 for those who may go to the source themselves', async (t) => {
  for (const whenUnreachable of ['error', 'direct'] as const) {
    const { go, lab } = await start(t, {
      whenUnreachable,
      private: ['secret.example.com'],
      upstreams: [
        { name: 'proxy.test', match: [], onError: 'stop' },
        { name: 'proxy.test', match: ['secret.example.com'], onError: 'stop' },
      ],
    })
    go.state = 'broken'
    const failed = await lab.get(`${BASE}/@v/list`)
    assert.equal(failed.status, whenUnreachable === 'direct' ? 404 : 502)
    assert.equal(failed.headers['cache-control'], 'no-store')
    assert.match(failed.body.toString(), /proxy\.test 500/)
    assert.equal((await lab.get('/go/secret.example.com/a/@v/list')).status, 502)
  }
})

test('upstreams are asked in order, and whoever answered confirms it', async (t) => {
  const clock = fakeClock()
  const first = await startFakeGo(t)
  const second = await startFakeGo(t)
  second.publish({ module: MODULE, version: 'v1.0.0' })
  const upstreams = [
    { name: 'first', url: first.url },
    { name: 'second', url: second.url },
  ]
  const lab = await startGoLab(t, { upstreams, clock })
  for (const path of ['@v/list', '@v/v1.0.0.zip']) {
    assert.equal((await lab.get(`${BASE}/${path}`)).headers['x-cache'], 'miss')
    assert.equal((await lab.get(`${BASE}/${path}`)).headers['x-cache'], 'hit')
  }
  assert.deepEqual([first.requests.length, second.requests.length], [2, 2])
  clock.advance(61_000)
  assert.equal((await lab.get(`${BASE}/@v/list`)).headers['x-cache'], 'revalidated')
  assert.deepEqual([first.requests.length, second.requests.length], [2, 3])
  first.state = 'down'
  assert.equal((await lab.get(`${BASE}/@v/v1.0.0.mod`)).status, 502)
  assert.equal(second.requests.length, 3)
})

test('where the next one may answer for one that fails, it does; what nobody could say is no 404', async (t) => {
  const first = await startFakeGo(t)
  const second = await startFakeGo(t)
  first.state = 'broken'
  second.publish({ module: MODULE, version: 'v1.0.0' })
  const upstreams = [
    { name: 'first', url: first.url },
    { name: 'second', url: second.url },
  ]
  const settings = { upstreams: upstreams.map(({ name }) => ({ name, match: [], onError: 'next' as const })) }
  const lab = await startGoLab(t, { upstreams, settings })
  assert.equal((await lab.get(`${BASE}/@v/v1.0.0.mod`)).status, 200)
  assert.equal((await lab.get(`${BASE}/@v/v1.9.0.mod`)).status, 502)
})

test('private names reach their own upstream alone', async (t) => {
  const open = await startFakeGo(t)
  const corp = await startFakeGo(t)
  corp.publish({ module: 'corp.example.com/lib', version: 'v1.0.0' })
  corp.login = 'robot:secret'
  const lab = await startGoLab(t, {
    upstreams: [
      { name: 'open', url: open.url },
      { name: 'corp', url: corp.url, username: 'robot', password: 'secret' },
    ],
    settings: {
      upstreams: [
        { name: 'open', match: [], onError: 'next' },
        { name: 'corp', match: ['corp.example.com/**'], onError: 'next' },
      ],
      databases: [{ name: 'sum.test', upstream: 'open', key: undefined }],
      private: ['hidden.example.com'],
      verify: 'sumdb',
    },
  })
  assert.equal((await lab.get('/go/corp.example.com/lib/@v/v1.0.0.zip')).status, 200)
  assert.equal((await lab.get('/go/corp.example.com/lib/@v/v1.9.0.zip')).status, 404)
  const lookup = await lab.get('/go/sumdb/sum.test/lookup/corp.example.com/lib@v1.0.0')
  assert.equal(lookup.status, 403)
  assert.match(lookup.body.toString(), /GONOSUMDB=corp\.example\.com/)
  const hidden = await lab.get('/go/hidden.example.com/x/@v/list')
  assert.equal(hidden.status, 403)
  assert.match(hidden.body.toString(), /\[\[go\.upstream\]\].*GONOPROXY/)
  assert.equal((await lab.get('/go/sumdb/sum.test/lookup/hidden.example.com/x@v1.0.0')).status, 403)
  corp.state = 'down'
  assert.equal((await lab.get('/go/corp.example.com/lib/@v/v1.0.0.mod')).status, 502)
  assert.deepEqual(open.requests, [])
  assert.ok(corp.requests.every(({ authorization }) => authorization !== undefined))
})

test('what came from a public upstream is not given out under a name that is private by now', async (t) => {
  const { lab, go } = await start(t)
  assert.equal((await lab.get(`${BASE}/@v/v1.0.0.zip`)).status, 200)
  await lab.landed()
  await lab.close()
  const later = await startGoLab(t, {
    dataDir: lab.dataDir,
    upstreams: [{ name: 'corp', url: go.url }],
    settings: { upstreams: [{ name: 'corp', match: ['example.com'], onError: 'stop' }] },
  })
  const refused = await later.get(`${BASE}/@v/v1.0.0.zip`)
  assert.equal(refused.status, 403)
  assert.match(refused.body.toString(), /came from proxy\.test/)
  assert.equal((await later.get(`${BASE}/@v/v1.1.0.zip`)).status, 200)
})

test('rules deny with their reason, cached or not, and what may not be stored leaves nothing', async (t) => {
  const config = {
    rule: [
      { effect: 'deny', match: ['go:example.com/evil/**'] },
      { effect: 'deny', match: ['go:example.com/foo/**'], actions: ['store'] },
    ],
  }
  const { go, lab } = await start(t, {}, { config })
  go.publish({ module: 'example.com/evil/a', version: 'v1.0.0' })
  for (const path of ['/go/example.com/evil/a/@v/v1.0.0.zip', '/go/example.com/evil/@v/list']) {
    const denied = await lab.get(path)
    assert.equal(denied.status, 403)
    assert.match(denied.body.toString(), /^rule 1 forbids anonymous to pull go:example\.com\/evil/)
  }
  assert.equal(go.requests.length, 0)
  for (const path of ['@v/list', '@v/v1.0.0.mod', '@v/v1.0.0.zip'])
    for (let i = 0; i < 2; i++) assert.equal((await lab.get(`${BASE}/${path}`)).headers['x-cache'], 'bypass')
  assert.deepEqual(lab.parts.cache.repositories({ frontEnd: 'go', upstream: 'go', last: '', limit: 10 }), [])
})

test('a client that wants only what is here gets only that', async (t) => {
  const clock = fakeClock()
  const { go, lab } = await start(t, {}, { clock })
  const only = { headers: { 'disable-module-fetch': 'true' } }
  const missing = await lab.get(`${BASE}/@v/list`, only)
  assert.equal(missing.status, 404)
  assert.match(missing.body.toString(), /temporarily unavailable/)
  await lab.get(`${BASE}/@v/list`)
  clock.advance(3_600_000)
  assert.deepEqual((await lab.get(`${BASE}/@v/list`, only)).headers['x-cache'], 'hit')
  assert.equal(go.requests.length, 1)
})

test('eight clients that want one zip cost one download, and a cut one is continued', async (t) => {
  const { go, lab } = await start(t)
  const zip = await lab.get(`${BASE}/@v/v1.0.0.zip`)
  const path = '/example.com/!foo/bar/@v/v1.1.0.zip'
  const headers = { etag: '"one"' }
  const body = zip.body
  go.answer(path, { body, headers, cutAt: 100 })
  const all = await Promise.all(Array.from({ length: 8 }, () => lab.get(`${BASE}/@v/v1.1.0.zip`)))
  // It holds another version, which shows only when all of it is here: the last byte never leaves.
  for (const { complete } of all) assert.equal(complete, false)
  assert.deepEqual(
    go.requests.filter((request) => request.path === path).map(({ range }) => range),
    [undefined, 'bytes=100-'],
  )
})

test('switched off, it says so', async (t) => {
  const { go, lab } = await start(t, { enabled: false })
  const off = await lab.get(`${BASE}/@v/list`)
  assert.equal(off.status, 404)
  assert.match(off.body.toString(), /switched off/)
  assert.equal(go.requests.length, 0)
})
