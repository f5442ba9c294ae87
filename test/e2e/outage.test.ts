import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Pair, startPair } from '../support/cachalot.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import type { Fetched } from '../support/http.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { addBlob, assertWhole, blobPath, eventually, manifestPath } from './support.ts'

const MINUTE = 60_000

interface Warm extends Pair {
  readonly clock: FakeClock
  readonly image: BuiltImage
}

/** An image that was pulled, by tag and digest, longer ago than tag_ttl. */
async function startWarm(t: Parameters<typeof startPair>[0], more: object = {}): Promise<Warm> {
  const clock = fakeClock()
  const pair = await startPair(t, { clock, ...more })
  const image = pair.hub.addImage('library/app', { tags: ['1'], layers: [30_000, 700_000] })
  assert.equal((await pair.cache.fetch(manifestPath('1'))).status, 200)
  assert.equal((await pair.cache.fetch('/v2/library/app/tags/list')).status, 200)
  for (const blob of [image.config, ...image.layers]) {
    assertWhole(await pair.cache.fetch(blobPath(blob.digest)), blob)
  }
  clock.advance(6 * MINUTE)
  pair.hub.requests.clear()
  return { ...pair, clock, image }
}

/** Everything of the image is served; the tag is stale and says so. */
async function assertPulls({ cache, image }: Warm, asked = true): Promise<Fetched> {
  const tag = await cache.fetch(manifestPath('1'))
  assertWhole(tag, image.manifest)
  assert.equal(tag.headers['x-cache'], 'stale')
  assert.match(tag.headers['warning'] ?? '', /^299 - "served stale: docker\.io .+; last confirmed .+ ago"$/)
  const head = await cache.fetch(manifestPath('1'), { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(head.headers['docker-content-digest'], image.manifest.digest)
  assert.equal(head.headers['x-cache'], 'stale')
  assertWhole(await cache.fetch(manifestPath(image.manifest.digest)), image.manifest)
  for (const blob of [image.config, ...image.layers]) {
    const answer = await cache.fetch(blobPath(blob.digest))
    assertWhole(answer, blob)
    assert.equal(answer.headers['x-cache'], 'hit')
  }
  if (asked) assert.equal((await cache.fetch('/v2/library/app/tags/list')).status, 200)
  return tag
}

suite('a cached image pulls while its upstream', () => {
  test('refuses connections', async (t) => {
    const warm = await startWarm(t)
    await warm.hub.stop()
    assert.ok((await assertPulls(warm)).firstByteMs < 1000)
    for (let i = 0; i < 10; i++) assert.ok((await warm.cache.fetch(manifestPath('1'))).firstByteMs < 1000)
  })

  for (const status of [401, 403, 404, 429, 500, 502, 503]) {
    test(`answers ${status}`, async (t) => {
      const warm = await startWarm(t)
      warm.hub.faults.add({ fault: { status } })
      const tag = await assertPulls(warm)
      if (status < 500) assert.ok(tag.firstByteMs < 1000)
      assert.match(tag.headers['warning'] ?? '', new RegExp(`answered ${status}|did not answer|not asked`))
      for (let i = 0; i < 5; i++) assertWhole(await warm.cache.fetch(manifestPath('1')), warm.image.manifest)
    })
  }

  test('answers 503 and then nothing: what is here is served before it is asked again', async (t) => {
    const warm = await startWarm(t)
    warm.hub.faults.add({ fault: { status: 503 }, times: 1 })
    warm.hub.faults.add({ fault: { hang: 'headers' } })
    const first = await warm.cache.fetch(manifestPath('1'))
    assertWhole(first, warm.image.manifest)
    assert.equal(first.headers['x-cache'], 'stale')
    assert.match(first.headers['warning'] ?? '', /answered 503/)
  })

  test('is silent: the first answer comes within a second, later ones at once', async (t) => {
    const warm = await startWarm(t)
    warm.hub.freeze()
    const first = await warm.cache.fetch(manifestPath('1'))
    assertWhole(first, warm.image.manifest)
    assert.ok(first.firstByteMs < 1000, `${first.firstByteMs} ms`)
    assert.equal(first.headers['x-cache'], 'stale')
    assert.match(first.headers['warning'] ?? '', /did not answer in time/)
    const later = await Promise.all(Array.from({ length: 20 }, () => warm.cache.fetch(manifestPath('1'))))
    for (const answer of later) {
      assertWhole(answer, warm.image.manifest)
      assert.equal(answer.headers['x-cache'], 'stale')
    }
    const fastest = Math.min(...later.map((answer) => answer.firstByteMs))
    assert.ok(fastest < 200, `${fastest} ms`)
    warm.hub.thaw()
  })

  test('accepts connections and closes them', async (t) => {
    const warm = await startWarm(t)
    warm.hub.faults.add({ fault: { close: true } })
    assertWhole(await warm.cache.fetch(manifestPath('1')), warm.image.manifest)
  })

  test('has its pull budget spent, even when the tag has moved', async (t) => {
    const warm = await startWarm(t, { fake: { rateLimit: { limit: 100, remaining: 50, window: 21_600 } } })
    const moved = warm.hub.addImage('library/app', { tags: ['1'] })
    assert.ok(warm.hub.rateLimit)
    warm.hub.rateLimit.remaining = 0
    warm.hub.rateLimit.limit = 0
    for (let i = 0; i < 3; i++) {
      const answer = await warm.cache.fetch(manifestPath('1'))
      assertWhole(answer, warm.image.manifest)
      assert.equal(answer.headers['x-cache'], 'stale')
      assert.match(answer.headers['warning'] ?? '', /429/)
    }
    warm.hub.rateLimit.remaining = 50
    warm.hub.rateLimit.limit = 100
    warm.clock.advance(6 * 60 * MINUTE + 1)
    assertWhole(await warm.cache.fetch(manifestPath('1')), moved.manifest)
  })

  test('breaks every manifest it moved the tag to', async (t) => {
    const warm = await startWarm(t)
    const { manifest } = warm.hub.addImage('library/app', { tags: ['1'] })
    warm.hub.faults.add({ when: { kind: 'manifest', method: 'GET' }, fault: { corruptAt: 3 } })
    assertWhole(await warm.cache.fetch(manifestPath('1')), warm.image.manifest)
    warm.hub.faults.clear()
    assertWhole(await warm.cache.fetch(manifestPath('1')), manifest)
  })
})

test('when_deleted = "follow": a tag the upstream deleted is gone, its content is not', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  await cache.reload({
    upstreams: [{ name: 'docker.io', url: hub.url, when_deleted: 'follow' }],
  })
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  hub.untag('library/app', '1')
  assert.equal((await cache.fetch(manifestPath('1'))).status, 200, 'not asked before tag_ttl')
  clock.advance(6 * MINUTE)
  for (const method of ['GET', 'HEAD']) {
    assert.equal((await cache.fetch(manifestPath('1'), { method })).status, 404)
  }
  assertWhole(await cache.fetch(manifestPath(manifest.digest)), manifest)
})

test('when_deleted = "follow": a deletion learnt in the background breaks nothing', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  await cache.reload({ upstreams: [{ name: 'docker.io', url: hub.url, when_deleted: 'follow' }] })
  hub.addImage('library/app', { tags: ['1'] })
  assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  clock.advance(6 * MINUTE)
  await hub.stop()
  for (let i = 0; i < 5; i++) {
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'stale')
  }
  await hub.start()
  hub.untag('library/app', '1')
  await eventually('the tag is gone', async () => {
    clock.advance(20_000)
    return (await cache.fetch(manifestPath('1'))).status === 404
  })
})

test('stale_if_error ends: an older tag is not served, its content by digest is', async (t) => {
  const warm = await startWarm(t, { config: { cache: { stale_if_error: '1h' } } })
  await warm.hub.stop()
  warm.clock.advance(30 * MINUTE)
  assertWhole(await warm.cache.fetch(manifestPath('1')), warm.image.manifest)
  warm.clock.advance(31 * MINUTE)
  const answer = await warm.cache.fetch(manifestPath('1'))
  assert.ok([502, 503, 504].includes(answer.status), `${answer.status}`)
  assertWhole(await warm.cache.fetch(manifestPath(warm.image.manifest.digest)), warm.image.manifest)
})

test('a start with the upstream dead serves what is cached and asks nobody before', async (t) => {
  const warm = await startWarm(t)
  await warm.hub.stop()
  await warm.cache.restart()
  await assertPulls(warm)
  await warm.hub.start()
  warm.hub.requests.clear()
  await warm.cache.restart()
  assert.equal(warm.hub.requests.count(), 0)
})

test('when the upstream is back, the tag is confirmed again', async (t) => {
  const warm = await startWarm(t)
  await warm.hub.stop()
  for (let i = 0; i < 4; i++) await warm.cache.fetch(manifestPath('1'))
  const { manifest } = warm.hub.addImage('library/app', { tags: ['1'] })
  await warm.hub.start()
  await eventually('the new content is served', async () => {
    warm.clock.advance(20_000)
    const answer = await warm.cache.fetch(manifestPath('1'))
    return answer.body.equals(manifest.bytes)
  })
})

suite('nothing can be served: an OCI error within 2 s', () => {
  const cold: [string, (warm: Warm) => Promise<void> | void][] = [
    ['refused', ({ hub }) => hub.stop()],
    ['closed', ({ hub }) => void hub.faults.add({ fault: { close: true } })],
    ['500', ({ hub }) => void hub.faults.add({ fault: { status: 500 } })],
  ]
  for (const [name, prepare] of cold) {
    test(name, async (t) => {
      const warm = await startWarm(t)
      const blob = addBlob(warm.hub, 1000)
      await prepare(warm)
      for (const path of [manifestPath('cold'), blobPath(blob.digest), '/v2/library/cold/tags/list']) {
        const started = performance.now()
        const answer = await warm.cache.fetch(path)
        assert.ok(performance.now() - started < 2000, `${path} took ${performance.now() - started} ms`)
        assert.ok([502, 503, 504].includes(answer.status), `${path}: ${answer.status}`)
        const { errors } = JSON.parse(answer.body.toString()) as {
          errors: { detail: { upstream: string } }[]
        }
        assert.equal(errors[0]?.detail.upstream, 'docker.io')
      }
    })
  }
})
