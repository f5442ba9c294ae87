import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { NO_REGISTRIES } from '../../src/domain/file-hosts.ts'
import { isOciPath, parseOciPath } from '../../src/frontends/oci/path.ts'
import { createVirtualHosts } from '../../src/http/virtual-hosts.ts'
import { startCachalot } from '../support/cachalot.ts'
import { startFakeGo } from '../support/fake-go.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'

const MODULE = { module: 'example.com/lib', version: 'v1.0.0' }
const MOD = 'example.com/lib/@v/v1.0.0.mod'
const VIRTUAL = { host: 'go.cache.test' }

async function start(t: Parameters<typeof startCachalot>[0]) {
  const [hub, upstream] = [await startFakeUpstream(), await startFakeGo(t)]
  t.after(() => hub.close())
  upstream.publish(MODULE)
  const cache = await startCachalot(t, {
    hub,
    config: {
      go: { hosts: ['go.cache.test'], upstream: [{ url: upstream.url, name: 'modules' }] },
      huggingface: { hosts: ['hf.cache.test'] },
      github: { hosts: ['gh.cache.test'] },
    },
  })
  return { cache, hub, upstream }
}

suite('a virtual host', () => {
  test('is its protocol without the prefix, one entry with the path that has it', async (t) => {
    const { cache, upstream } = await start(t)
    const first = await cache.fetch(`/go/${MOD}`)
    assert.deepEqual([first.status, first.headers['x-cache']], [200, 'miss'])
    for (const host of ['go.cache.test', 'GO.cache.test', 'go.cache.test:8443']) {
      const again = await cache.fetch(`/${MOD}`, { headers: { host } })
      assert.deepEqual([again.status, again.headers['x-cache']], [200, 'hit'], host)
      assert.deepEqual(again.body, first.body)
    }
    assert.equal(upstream.requests.length, 1)
  })

  test('has nothing else: no prefix, no registry, no pages, no API', async (t) => {
    const { cache, upstream } = await start(t)
    const paths = [
      `/go/${MOD}`,
      '/v2/',
      '/v2/library/app/manifests/1',
      '/ui/',
      '/api/v1/status',
      '/healthz',
      '/',
      '/setup',
    ]
    for (const path of paths) {
      const answer = await cache.fetch(path, { headers: VIRTUAL, lint: false })
      assert.equal(answer.status, 404, path)
      assert.match(answer.headers['content-type'] ?? '', /^text\/plain/, path)
    }
    for (const host of ['hf.cache.test', 'gh.cache.test']) {
      for (const path of ['/', '/ui/', '/api/v1/status', '/v2/']) {
        const answer = await cache.fetch(path, { headers: { host }, lint: false })
        assert.ok(
          answer.status >= 400 && !/html/.test(String(answer.headers['content-type'])),
          `${host}${path}`,
        )
        assert.equal(answer.headers['docker-distribution-api-version'], undefined, `${host}${path}`)
      }
    }
    assert.deepEqual(upstream.requests, [])
    assert.equal((await cache.fetch('/healthz')).status, 200)
  })

  test('takes a pull key in the path, and other hosts have no use for its paths', async (t) => {
    const { cache } = await start(t)
    const refused = await cache.fetch(`/k/ck_0123456789abcdefghijklmno/${MOD}`, { headers: VIRTUAL })
    assert.equal(refused.status, 401)
    assert.equal((await cache.fetch(`/${MOD}`)).status, 404)
    assert.equal((await cache.fetch(`/${MOD}`, { headers: { host: 'x.go.cache.test' } })).status, 404)
  })

  test('comes and goes with the configuration', async (t) => {
    const { cache } = await start(t)
    const status = async () => (await cache.fetch(`/${MOD}`, { headers: VIRTUAL })).status
    assert.equal(await status(), 200)
    await cache.reload({ config: { go: { hosts: [] } } })
    assert.equal(await status(), 404)
    await cache.reload({ config: { go: { hosts: ['go.cache.test'], enabled: false } } })
    const off = await cache.fetch(`/${MOD}`, { headers: VIRTUAL })
    assert.equal(off.status, 404)
    assert.match(off.body.toString(), /switched off/)
  })

  test('keeps what means the same everywhere, and is left as it was entered', () => {
    const placeOf = createVirtualHosts([
      { host: 'gh.test', prefix: '/gh', keeps: ['_lfs', 'https:', 'github.com'] },
    ])
    const place = placeOf('gh.test') ?? assert.fail()
    assert.equal(placeOf('gh.test.'), undefined)
    for (const path of [
      '/_lfs/abc',
      '/https://github.com/o/r',
      '/https:/github.com/o/r',
      '/github.com/o/r',
      '/_lfs',
    ]) {
      assert.equal(place.enter(path), path)
      assert.equal(place.leave(path), path)
    }
    assert.equal(place.enter('/_lfsx/r'), '/gh/_lfsx/r')
    fc.assert(
      fc.property(fc.stringMatching(/^(\/[ -~]{0,5}){1,4}$/), (path) => {
        assert.equal(place.leave(place.enter(path)), path)
      }),
    )
  })
})

suite('paths of other protocols', () => {
  test('are never those of a registry, whatever stands behind them', () => {
    for (const first of NO_REGISTRIES) {
      for (const rest of ['/v2', '/v2/', '/v2/a/manifests/1', '/v2/%00', '/v2/a/info/refs']) {
        assert.equal(parseOciPath(`/${first}${rest}`), undefined, first + rest)
        assert.equal(isOciPath(`/${first}${rest}`), false)
      }
    }
    assert.equal(parseOciPath('/ghcr.io/v2/')?.prefix, 'ghcr.io')
    // Escaped, it is the name of a registry that nobody can configure.
    assert.equal(parseOciPath('/g%6f/v2/')?.prefix, 'go')
  })

  test('may be posted to, also where somebody is called v2', async (t) => {
    const { cache, hub } = await start(t)
    const before = hub.requests.count()
    for (const path of ['/gh/v2/repo/git-upload-pack', '/hf/v2/a/b', '/github.com/v2/repo/git-upload-pack']) {
      const answer = await cache.fetch(path, { method: 'POST', lint: false })
      assert.equal(answer.headers['docker-distribution-api-version'], undefined, path)
    }
    const push = await cache.fetch('/ghcr.io/v2/a/blobs/uploads/', { method: 'POST', lint: false })
    assert.equal(push.headers['docker-distribution-api-version'], 'registry/2.0')
    assert.equal(hub.requests.count(), before)
  })
})
