import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { contentBytes } from '../support/fake-content.ts'
import { settled } from './support.ts'

const TAG = '/v2/org/app/manifests/1'
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('X-Cache', () => {
  test('says miss, then hit, for all that is cached', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest, config } = hub.addImage('org/app', { tags: ['1'] })
    const paths = [
      TAG,
      `/v2/org/app/blobs/${config.digest}`,
      '/v2/org/app/tags/list',
      `/v2/org/app/referrers/${manifest.digest}`,
    ]
    for (const path of paths) {
      assert.equal((await cache.fetch(path)).headers['x-cache'], 'miss', path)
      await settled(cache, path)
      assert.equal((await cache.fetch(path)).headers['x-cache'], 'hit', path)
      assert.equal((await cache.fetch(path, { method: 'HEAD' })).headers['x-cache'], 'hit', path)
    }
    const byDigest = await cache.fetch(`/v2/org/app/manifests/${manifest.digest}`)
    assert.equal(byDigest.headers['x-cache'], 'hit')
    await cache.restart()
    for (const path of paths) {
      assert.equal((await cache.fetch(path)).headers['x-cache'], 'hit', `${path} after a restart`)
    }
  })

  test('says joined to all but the first of those that come together', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest, content } = hub.addBlob('org/app', { seed: 7, size: 400_000 })
    hub.addImage('org/app', { tags: ['1'] })
    hub.latency = 50
    for (const path of [TAG, `/v2/org/app/blobs/${digest}`]) {
      hub.requests.clear()
      const all = await Promise.all(Array.from({ length: 6 }, () => cache.fetch(path)))
      const outcomes = all.map(({ headers }) => String(headers['x-cache'])).toSorted()
      assert.deepEqual(outcomes, ['joined', 'joined', 'joined', 'joined', 'joined', 'miss'], path)
      assert.equal(hub.requests.count({ method: 'GET' }), 1)
      if (path !== TAG) assert.ok(all.every(({ body }) => body.equals(contentBytes(content))))
    }
  })

  test('says revalidated when the upstream confirmed a tag, by a HEAD', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    hub.addImage('org/app', { tags: ['1'] })
    await cache.fetch(TAG)
    clock.advance(6 * MINUTE)
    hub.requests.clear()
    for (const outcome of ['revalidated', 'hit']) {
      assert.equal((await cache.fetch(TAG)).headers['x-cache'], outcome)
    }
    assert.deepEqual(
      hub.requests.list().map(({ method }) => method),
      ['HEAD'],
    )
  })

  test('says miss when a tag was moved', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    hub.addImage('org/app', { tags: ['1'] })
    await cache.fetch(TAG)
    const moved = hub.addImage('org/app', { tags: ['1'] })
    clock.advance(6 * MINUTE)
    const answer = await cache.fetch(TAG)
    assert.deepEqual(answer.body, moved.manifest.bytes)
    assert.equal(answer.headers['x-cache'], 'miss')
  })

  test('says bypass, and the pull works, when nothing can be kept', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '8KiB' } } })
    const { digest, content } = hub.addBlob('org/app', { seed: 9, size: 100_000 })
    for (let i = 0; i < 2; i++) {
      const answer = await cache.fetch(`/v2/org/app/blobs/${digest}`)
      assert.equal(answer.headers['x-cache'], 'bypass')
      assert.ok(answer.body.equals(contentBytes(content)))
    }
  })

  test('says revalidated for a blob that is here under another name', async (t) => {
    const { hub, cache } = await startPair(t)
    const { digest } = hub.addBlob('org/one', { seed: 11, size: 1000 })
    hub.addBlob('org/two', { seed: 11, size: 1000 })
    await cache.fetch(`/v2/org/one/blobs/${digest}`)
    await settled(cache, `/v2/org/one/blobs/${digest}`)
    hub.requests.clear()
    for (const outcome of ['revalidated', 'hit']) {
      const answer = await cache.fetch(`/v2/org/two/blobs/${digest}`)
      assert.equal(answer.headers['x-cache'], outcome)
    }
    assert.deepEqual(
      hub.requests.list().map(({ method }) => method),
      ['HEAD'],
    )
  })
})

describe('a stale answer', () => {
  const troubles = {
    'is down': undefined,
    'answers 401': 401,
    'answers 403': 403,
    'answers 404': 404,
    'answers 429': 429,
    'answers 500': 500,
    'answers 503': 503,
  }
  for (const [trouble, status] of Object.entries(troubles)) {
    test(`says why and since when while the upstream ${trouble}`, async (t) => {
      const clock = fakeClock()
      const { hub, cache } = await startPair(t, { clock })
      const { manifest } = hub.addImage('org/app', { tags: ['1'] })
      await cache.fetch(TAG)
      clock.advance(2 * DAY)
      if (status === undefined) await hub.stop()
      else hub.faults.add({ fault: { status } })
      for (const method of ['GET', 'HEAD']) {
        const { headers, body, status: got } = await cache.fetch(`${TAG}?ns=docker.io`, { method })
        assert.equal(got, 200)
        assert.equal(headers['x-cache'], 'stale')
        assert.equal(headers['docker-content-digest'], manifest.digest)
        const why = /^299 - "served stale: docker\.io [^"]+; last confirmed 2 d ago"$/
        assert.match(String(headers['warning']), why)
        assert.deepEqual(body, method === 'GET' ? manifest.bytes : Buffer.alloc(0))
      }
    })
  }

  test('is not given when it is older than stale_if_error', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { cache: { stale_if_error: '1d' } } })
    hub.addImage('org/app', { tags: ['1'] })
    await cache.fetch(TAG)
    await hub.stop()
    clock.advance(DAY - MINUTE)
    assert.equal((await cache.fetch(TAG)).headers['x-cache'], 'stale')
    clock.advance(2 * MINUTE)
    assert.equal((await cache.fetch(TAG)).status, 503)
  })

  test('is not given when deleted tags are followed', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    await cache.reload({ upstreams: [{ name: 'docker.io', url: hub.url, when_deleted: 'follow' }] })
    hub.addImage('org/app', { tags: ['1'] })
    await cache.fetch(TAG)
    hub.untag('org/app', '1')
    clock.advance(6 * MINUTE)
    assert.equal((await cache.fetch(TAG)).status, 404)
  })

  test('is never a warning on a fresh one', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('org/app', { tags: ['1'] })
    for (let i = 0; i < 2; i++) assert.equal((await cache.fetch(TAG)).headers['warning'], undefined)
  })
})
