import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { request, sendRaw } from '../http/raw.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { type Guarded, HOME, kept, pullWith, STRANGER, startOpen, statuses } from './access-support.ts'

const METHODS = ['GET', 'HEAD', 'DELETE', 'POST', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'FOO']

/** Everything that somebody might find here, spelled in all ways that some server once understood. */
function targetsOf({ manifest, config }: BuiltImage): readonly string[] {
  const plain = [
    '/v2/',
    '/v2',
    '/v2/_catalog',
    '/v2/app/tags/list',
    '/v2/app/manifests/1',
    `/v2/app/manifests/${manifest.digest}`,
    `/v2/app/blobs/${config.digest}`,
    `/v2/app/referrers/${manifest.digest}`,
  ]
  const spelled = plain.flatMap((path) => [
    path,
    `${path}/`,
    `${path}?n=1`,
    `${path}?ns=docker.io`,
    `${path}?ns=evil.test`,
    `${path};a=b`,
    `${path}%00`,
    `/${path}`,
    `/.${path}`,
    `/x/..${path}`,
    `/healthz/..${path}`,
    `/docker.io${path}`,
    `/%64ocker.io${path}`,
    path.replace('/v2', '/V2'),
    path.replace('/v2', '/v2/'),
    path.replace('/v2', '/v2/..;'),
    path.replace('/v2', '/v2/.'),
    path.replace('/v2', '/%762'),
    path.replace('/v2', '\\v2'),
    path.replace('/v2/', '/v2/%2f'),
    path.replace('/v2/', '/v2%2f'),
    path.replace('/v2/', '/v2/library/'),
    path.replace('/v2/', '/v2/docker.io/library/'),
    path.replace('/v2/', '/v2/token/'),
    path.replace('/v2/', '/v2/k/'),
    path.replace('/v2/', '/v2/k/ck_0123456789abcdefghijklmno/'),
    `/k/ck_0123456789abcdefghijklmno${path}`,
    `/k${path}`,
    `/k/${path}`,
    path.replace('_catalog', '%5fcatalog').replace('tags', '%74ags').replace('app', '%61pp'),
    `http://cache.test${path}`,
    `*${path}`,
  ])
  const others = [
    '/v2/token',
    '/v2/auth',
    '/token',
    '/v1/_ping',
    '/v1/search?q=app',
    '/_catalog',
    '/k/',
    '/k',
    '*',
  ]
  const own = [
    '/api',
    '/api/v1',
    '/api/v1/images',
    '/api/v1/keys',
    '/api/v1/audit',
    '/api/v2/',
    '/api/v1/stats',
    '/ui',
    '/ui/',
    '/metrics',
  ]
  const files = [
    '/cachalot.db',
    '/data/cachalot.db',
    '/htpasswd',
    '/config.toml',
    '/.git/config',
    '/package.json',
    '/debug/pprof/',
    '/server-status',
  ]
  return [...new Set([...spelled, ...others, ...own, ...files])]
}

/** What of an answer may be compared. */
async function answerTo({ port }: Cachalot, method: string, target: string, address: string) {
  const asked = request(target, [`X-Forwarded-For: ${address}`, 'Connection: close'], method)
  const { status, headers, body } = await sendRaw(port, asked)
  const said = Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'))
  return { status, headers: said, body }
}

/** A fresh install. */
async function startFresh(t: Parameters<typeof startOpen>[0]) {
  const scene = await startOpen(t)
  const image = scene.hub.addImage('library/app', { tags: ['1'], layers: 1 })
  return { ...scene, image }
}

const warm = async (ask: Guarded['ask'], image: BuiltImage): Promise<void> => {
  const answers = await pullWith(ask, image, { repo: 'app', tag: '1', headers: { 'x-forwarded-for': HOME } })
  assert.deepEqual(statuses(answers), [200])
}

/** SEC-12, SEC-13 */
suite('a fresh install', () => {
  test('tells a stranger nothing, on no way to ask, and does nothing for one', async (t) => {
    const cold = await startFresh(t)
    const full = await startFresh(t)
    await warm(full.ask, full.image)
    full.hub.requests.clear()
    const before = await Promise.all([kept(cold.cache), kept(full.cache)])
    // The names of what is cached there.
    for (const target of targetsOf(full.image)) {
      for (const method of METHODS) {
        const what = `${method} ${target}`
        const here = await answerTo(full.cache, method, target, STRANGER)
        assert.ok([400, 401, 404, 405, 501].includes(here.status), `${what}: ${here.status}`)
        assert.deepEqual(await answerTo(cold.cache, method, target, STRANGER), here, what)
        if (here.status === 401)
          assert.match(here.headers['www-authenticate'] ?? '', /^(Basic|PullKey) realm="Cachalot"/, what)
      }
    }
    assert.deepEqual([cold.hub.requests.list(), full.hub.requests.list()], [[], []])
    assert.deepEqual(await Promise.all([kept(cold.cache), kept(full.cache)]), before)
  })

  test('asks a stranger to log in for everything of the registry', async (t) => {
    const { cache, image } = await startFresh(t)
    for (const target of targetsOf(image)) {
      const isRegistry = /^(\/docker\.io)?\/v2\/(?!\/)/.test(target) && !target.includes('%00')
      if (!isRegistry) continue
      for (const method of ['GET', 'HEAD', 'DELETE', 'PUT', 'OPTIONS'])
        assert.equal((await answerTo(cache, method, target, STRANGER)).status, 401, `${method} ${target}`)
    }
  })

  test('shows a stranger its health and its front page', async (t) => {
    const { cache } = await startFresh(t)
    for (const path of ['/healthz', '/readyz', '/'])
      assert.equal((await answerTo(cache, 'GET', path, STRANGER)).status, 200, path)
  })

  test('lets neighbours pull and look, and nothing else', async (t) => {
    const { ask, cache, hub, image } = await startFresh(t)
    await warm(ask, image)
    const neighbours = [
      '127.0.0.1',
      '10.0.0.1',
      '172.31.255.1',
      '192.168.7.7',
      '169.254.1.1',
      '::1',
      'fd12::1',
      'fe80::1',
      '::ffff:10.1.1.1',
    ]
    const strangers = [
      '8.8.8.8',
      '172.32.0.1',
      '100.64.0.1',
      '11.0.0.1',
      '192.169.0.1',
      '2001:db8::1',
      '::ffff:8.8.8.8',
      '::',
      'unknown',
    ]
    for (const path of ['/v2/', '/v2/app/manifests/1', '/v2/app/tags/list', '/v2/_catalog']) {
      for (const address of neighbours)
        assert.equal((await answerTo(cache, 'GET', path, address)).status, 200, `${path} ${address}`)
      for (const address of strangers)
        assert.equal((await answerTo(cache, 'GET', path, address)).status, 401, `${path} ${address}`)
    }
    hub.requests.clear()
    const before = await kept(cache)
    for (const target of targetsOf(image)) {
      for (const method of METHODS.slice(2)) {
        const { status } = await answerTo(cache, method, target, HOME)
        // What one could ask for is no secret.
        assert.ok(
          status >= 400 || (method === 'OPTIONS' && target.startsWith('/api/')),
          `${method} ${target}`,
        )
      }
    }
    assert.equal(await kept(cache), before)
    assert.deepEqual(hub.requests.list(), [])
  })
})
