import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { Fetched } from '../support/http.ts'
import { MEDIA } from '../support/oci-media.ts'
import { jsonOf, verdict } from './support.ts'

/** What every answer below /v2/ says, whatever else it is. */
function assertAlways({ headers }: Fetched, said: string): void {
  assert.equal(headers['docker-distribution-api-version'], 'registry/2.0', said)
  assert.equal(headers['x-content-type-options'], 'nosniff', said)
  assert.match(String(headers['content-security-policy']), /sandbox/, said)
  assert.match(String(headers['x-cache']), /^(hit|miss|joined|revalidated|stale|bypass)$/, said)
  assert.match(String(headers['x-request-id']), /^[0-9a-f]{8}-[0-9a-z]+$/, said)
  for (const name of ['server', 'set-cookie', 'x-powered-by', 'access-control-allow-origin', 'location']) {
    assert.equal(headers[name], undefined, `${name} of ${said}`)
  }
}

describe('every answer', () => {
  test('has the headers of a registry and of nobody else', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('org/app', { tags: ['1'] })
    hub.faults.add({ fault: { headers: { Server: 'theirs', 'Set-Cookie': 'a=b', 'X-Powered-By': 'them' } } })
    const paths = [
      '/v2/',
      '/v2/_catalog',
      '/v2/org/app/manifests/1',
      '/v2/org/app/manifests/2',
      `/v2/org/app/manifests/${manifest.digest}`,
      `/v2/org/app/blobs/${config.digest}`,
      `/v2/org/app/blobs/sha256:${'0'.repeat(64)}`,
      '/v2/org/app/tags/list',
      `/v2/org/app/referrers/${manifest.digest}`,
      '/v2/org/app/manifests/..',
      '/v2/org/app/unheard',
      '/v2/Org/manifests/1',
      '/v2/org/app/manifests/1?ns=evil.test',
    ]
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'GET', 'POST', 'DELETE', 'OPTIONS']) {
        assertAlways(await cache.fetch(path, { method }), `${method} ${path}`)
      }
      for (const headers of [{ 'if-none-match': '*' }, { range: 'bytes=1-2' }, { range: 'bytes=9999999-' }]) {
        assertAlways(await cache.fetch(path, { headers }), `${JSON.stringify(headers)} ${path}`)
      }
    }
  })

  test('echoes the namespace it was asked with', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('library/app', { tags: ['1'] })
    const paths = [
      '/v2/',
      '/v2/_catalog',
      '/v2/app/manifests/1',
      '/v2/app/manifests/none',
      '/v2/app/tags/list',
      `/v2/app/referrers/${manifest.digest}`,
      `/v2/app/blobs/${config.digest}`,
      '/v2/app/manifests/..',
    ]
    for (const path of paths) {
      for (const headers of [{}, { 'if-none-match': '*' }, { range: 'bytes=999999-' }]) {
        const answer = await cache.fetch(`${path}?ns=index.docker.io`, { headers })
        assert.equal(answer.headers['oci-namespace'], 'index.docker.io', `${path} ${answer.status}`)
        const without = await cache.fetch(path, { headers })
        assert.equal(without.headers['oci-namespace'], undefined, path)
      }
    }
  })
})

describe('the registry itself', () => {
  test('answers at once and asks nobody', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const path of ['/v2/', '/v2', '/docker.io/v2/', '/hub/v2', '/v2/?ns=docker.io']) {
      const answer = await cache.fetch(path)
      assert.equal(answer.status, 200, path)
      assert.deepEqual(jsonOf(answer), {})
      assert.equal(answer.headers['content-type'], 'application/json')
      const head = await cache.fetch(path, { method: 'HEAD' })
      assert.equal(head.status, 200)
      assert.equal(head.headers['content-length'], '2')
    }
    assert.equal(hub.requests.count(), 0)
  })
})

describe('a manifest', () => {
  test('is described alike by HEAD and GET, cold and warm, by tag and by digest', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const [round, methods] of [
      ['HEAD first', ['HEAD', 'GET', 'HEAD']],
      ['GET first', ['GET', 'HEAD', 'GET']],
    ] as const) {
      const { manifest } = hub.addImage(`org/${round.slice(0, 3).toLowerCase()}`, { tags: ['1'] })
      for (const reference of ['1', manifest.digest]) {
        for (const method of methods) {
          const path = `/v2/org/${round.slice(0, 3).toLowerCase()}/manifests/${reference}`
          const { headers, body, status } = await cache.fetch(path, { method })
          const said = `${method} of ${reference}, ${round}`
          assert.equal(status, 200, said)
          assert.equal(headers['content-type'], MEDIA.manifest, said)
          assert.equal(headers['docker-content-digest'], manifest.digest, said)
          assert.equal(headers['content-length'], String(manifest.size), said)
          assert.equal(headers.etag, `"${manifest.digest}"`, said)
          assert.equal(headers.vary, 'Accept', said)
          assert.deepEqual(body, method === 'GET' ? manifest.bytes : Buffer.alloc(0), said)
        }
      }
    }
  })

  test('costs one upstream HEAD for many cold HEADs, and no body', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('org/app', { tags: ['1'] })
    hub.latency = 30
    const path = '/v2/org/app/manifests/1'
    const all = await Promise.all(Array.from({ length: 8 }, () => cache.fetch(path, { method: 'HEAD' })))
    assert.ok(all.every(({ status }) => status === 200))
    assert.deepEqual(
      hub.requests.list().map(({ method }) => method),
      ['HEAD'],
    )
  })

  test('under a sha512 name echoes that name', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('org/app', { algorithm: 'sha512' })
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const answer = await cache.fetch(`/v2/org/app/manifests/${manifest.digest}`, { method })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['docker-content-digest'], manifest.digest)
      assert.equal(answer.headers.etag, `"${manifest.digest}"`)
      if (method === 'GET') assert.deepEqual(answer.body, manifest.bytes)
    }
  })
})

describe('a tag of a manifest that the upstream calls by its SHA-512', () => {
  test('is told by that name, cold and warm, by HEAD and GET', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const methods of [
      ['HEAD', 'HEAD', 'GET', 'HEAD'],
      ['GET', 'HEAD', 'GET'],
    ]) {
      const repo = `org/app${methods.length}`
      const { manifest } = hub.addImage(repo, { tags: ['1'], algorithm: 'sha512' })
      for (const method of methods) {
        const answer = await cache.fetch(`/v2/${repo}/manifests/1`, { method })
        assert.equal(answer.headers['docker-content-digest'], manifest.digest, method)
        assert.equal(answer.headers.etag, `"${manifest.digest}"`, method)
      }
    }
  })

  test('is told by its SHA-256 where that name is a lie', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('org/app', { tags: ['1'] })
    const lie = { 'Docker-Content-Digest': `sha512:${'0'.repeat(128)}` }
    hub.faults.add({ fault: { headers: lie } })
    for (const method of ['GET', 'HEAD', 'GET']) {
      const answer = await cache.fetch('/v2/org/app/manifests/1', { method })
      assert.equal(answer.headers['docker-content-digest'], manifest.digest, method)
    }
  })
})

describe('a blob', () => {
  test('is described alike by HEAD and GET, cold and warm', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.faults.add({ when: { kind: 'blob' }, fault: { headers: { 'Content-Type': 'text/html' } } })
    for (const algorithm of ['sha256', 'sha512'] as const) {
      const { digest, content } = hub.addBlob('org/app', { seed: 1, size: 100_000 }, algorithm)
      for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
        const { headers, body } = await cache.fetch(`/v2/org/app/blobs/${digest}`, { method })
        const said = `${method}, ${algorithm}`
        assert.equal(headers['docker-content-digest'], digest, said)
        assert.equal(headers.etag, `"${digest}"`, said)
        assert.equal(headers['content-length'], '100000', said)
        assert.equal(headers['content-type'], 'application/octet-stream', said)
        assert.equal(headers['accept-ranges'], 'bytes', said)
        assert.ok(body.equals(method === 'GET' ? contentBytes(content) : Buffer.alloc(0)), said)
      }
    }
  })

  test('moves no body for HEAD, and a cold HEAD costs one upstream HEAD', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('org/app', { seed: 2, size: 5_000_000 })
    const headers = { range: 'bytes=0-1' }
    const answer = await cache.fetch(`/v2/org/app/blobs/${digest}`, { method: 'HEAD', headers })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-length'], '5000000')
    const asked = hub.requests.list().map(({ method, bytesSent }) => [method, bytesSent])
    assert.deepEqual(asked, [['HEAD', 0]])
  })

  test('of no bytes at all, and of two', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const text of ['', '{}']) {
      const { digest } = hub.addBlob('org/app', Buffer.from(text))
      for (const method of ['HEAD', 'GET', 'GET', 'HEAD']) {
        const answer = await cache.fetch(`/v2/org/app/blobs/${digest}`, { method })
        assert.equal(answer.status, 200, method)
        assert.equal(answer.headers['content-length'], String(text.length))
        assert.equal(answer.body.toString(), method === 'GET' ? text : '')
      }
    }
  })
})

describe('If-None-Match', () => {
  test('that names the content is answered 304 without a body, and any other is not', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const { manifest, config } = hub.addImage('org/app', { tags: ['1'] })
    const names = {
      '/v2/org/app/manifests/1': manifest.digest,
      [`/v2/org/app/manifests/${manifest.digest}`]: manifest.digest,
      [`/v2/org/app/blobs/${config.digest}`]: config.digest,
    }
    for (const round of ['cold', 'warm', 'due']) {
      if (round === 'due') clock.advance(600_000)
      for (const [path, digest] of Object.entries(names)) {
        for (const tag of [`"${digest}"`, `W/"${digest}"`, '*', `"x", "${digest}"`]) {
          for (const method of ['GET', 'HEAD']) {
            const answer = await cache.fetch(path, { method, headers: { 'if-none-match': tag } })
            assert.equal(answer.status, 304, `${method} ${path} ${tag}, ${round}`)
            assert.equal(answer.headers.etag, `"${digest}"`)
            assert.equal(answer.headers['content-length'], undefined)
            assert.equal(answer.headers['content-type'], undefined)
          }
        }
        for (const tag of ['"x"', digest, `"${digest.slice(0, -1)}"`, '']) {
          const answer = await cache.fetch(path, { headers: { 'if-none-match': tag } })
          assert.equal(answer.status, 200, `${path} ${tag}, ${round}`)
        }
      }
    }
  })

  test('does not turn an error into 304', async (t) => {
    const { cache } = await startPair(t)
    const headers = { 'if-none-match': '*' }
    assert.equal(verdict(await cache.fetch('/v2/org/app/manifests/1', { headers })), '404 MANIFEST_UNKNOWN')
  })
})
