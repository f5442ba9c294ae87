import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { addBlob, assertWhole, blobPath, manifestPath } from './support.ts'

const MINUTE = 60_000

test('a tag is asked about by HEAD alone, once per tag_ttl, however many ask', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  const first = await cache.fetch(manifestPath('1'))
  assert.equal(first.headers['x-cache'], 'miss')
  assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'hit')
  for (let round = 1; round <= 3; round++) {
    clock.advance(5 * MINUTE)
    hub.requests.clear()
    hub.latency = 50
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.fetch(manifestPath('1'))))
    for (const answer of answers) {
      assertWhole(answer, manifest)
      // Whoever comes after the answer finds a tag that is fresh again.
      assert.match(String(answer.headers['x-cache']), /^(revalidated|hit)$/)
    }
    assert.ok(answers.some(({ headers }) => headers['x-cache'] === 'revalidated'))
    assert.equal(hub.requests.count({ method: 'GET' }), 0)
    assert.equal(hub.requests.count({ method: 'HEAD' }), 1)
    hub.requests.clear()
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'hit')
    assert.equal(hub.requests.count(), 0)
  }
})

test('a moved tag is fetched once, by its digest', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  hub.addImage('library/app', { tags: ['1'] })
  await cache.fetch(manifestPath('1'))
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  clock.advance(5 * MINUTE)
  hub.requests.clear()
  hub.latency = 50
  const answers = await Promise.all(Array.from({ length: 20 }, () => cache.fetch(manifestPath('1'))))
  for (const answer of answers) assertWhole(answer, manifest)
  assert.deepEqual(
    hub.requests.list({ method: 'GET' }).map((record) => record.ref),
    [manifest.digest],
  )
  assert.equal(hub.requests.count({ method: 'HEAD' }), 1)
  assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'hit')
})

test('a tag that moved to content that is here already costs no GET at all', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const one = hub.addImage('library/app', { tags: ['1', 'latest'] })
  const two = hub.addImage('library/app', { tags: ['2'] })
  for (const tag of ['latest', '2']) await cache.fetch(manifestPath(tag))
  hub.tag('library/app', 'latest', two.manifest.digest)
  clock.advance(5 * MINUTE)
  hub.requests.clear()
  assertWhole(await cache.fetch(manifestPath('latest')), two.manifest)
  assertWhole(await cache.fetch(manifestPath(one.manifest.digest)), one.manifest)
  assert.equal(hub.requests.count({ method: 'GET' }), 0)
})

test('a HEAD of a cold tag costs no pull, and the GET after it costs one', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  const head = await cache.fetch(manifestPath('1'), { method: 'HEAD' })
  assert.equal(head.headers['docker-content-digest'], manifest.digest)
  assert.equal(hub.requests.count({ method: 'GET' }), 0)
  assertWhole(await cache.fetch(manifestPath('1')), manifest)
  assertWhole(await cache.fetch(manifestPath(manifest.digest)), manifest)
  assert.equal(hub.requests.count({ method: 'GET' }), 1)
})

suite('what an upstream does not have', () => {
  test('is remembered for negative_ttl and asked for again then', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const blob = addBlob(hub, 100)
    const missing = blob.digest.replace(/.{8}$/, '00000000')
    for (const path of [manifestPath('none'), `/v2/library/app/blobs/${missing}`]) {
      hub.requests.clear()
      for (const method of ['GET', 'HEAD', 'GET']) {
        assert.equal((await cache.fetch(path, { method })).status, 404)
      }
      assert.equal(hub.requests.count(), 1, path)
      clock.advance(29_000)
      assert.equal((await cache.fetch(path)).status, 404)
      assert.equal(hub.requests.count(), 1)
      clock.advance(2000)
      assert.equal((await cache.fetch(path)).status, 404)
      assert.equal(hub.requests.count(), 2)
    }
    hub.addImage('library/app', { tags: ['none'] })
    clock.advance(31_000)
    assert.equal((await cache.fetch(manifestPath('none'))).status, 200)
  })

  test('64 clients ask the upstream once', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addImage('library/app', { tags: ['1'] })
    hub.latency = 50
    const answers = await Promise.all(Array.from({ length: 64 }, () => cache.fetch(manifestPath('none'))))
    assert.ok(answers.every((answer) => answer.status === 404))
    assert.equal(hub.requests.count(), 1)
  })

  test('trouble is not remembered as "not found"', async (t) => {
    const { hub, cache } = await startPair(t)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    hub.faults.add({ fault: { status: 403 }, times: 1 })
    assert.equal((await cache.fetch(manifestPath('1'))).status, 403)
    assertWhole(await cache.fetch(manifestPath('1')), manifest)
  })
})

suite('the pull budget of an upstream', () => {
  const BUDGET = { limit: 100, remaining: 100, window: 21_600 }

  test('below a tenth, tags are served without asking until the window is over', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, fake: { rateLimit: BUDGET } })
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const { manifest: other } = hub.addImage('library/app', { tags: ['2'] })
    assert.ok(hub.rateLimit)
    await cache.fetch(manifestPath('1'))
    hub.rateLimit.remaining = 9
    await cache.fetch(manifestPath('2'))
    clock.advance(6 * MINUTE)
    hub.requests.clear()
    for (const [tag, wanted] of [
      ['1', manifest],
      ['2', other],
    ] as const) {
      const answer = await cache.fetch(manifestPath(tag))
      assertWhole(answer, wanted)
      assert.equal(answer.headers['x-cache'], 'stale')
      assert.match(answer.headers['warning'] ?? '', /8 of 100 pulls left/)
    }
    assert.equal(hub.requests.count(), 0)
    clock.advance(6 * 60 * MINUTE)
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'revalidated')
  })

  test('used up: a direct pull gets 429 with Retry-After, a mirror pull 503, and nobody asks meanwhile', async (t) => {
    const clock = fakeClock()
    const fake = { rateLimit: { ...BUDGET, remaining: 0, retryAfter: 7 } }
    const { hub, cache } = await startPair(t, { clock, fake })
    hub.addImage('library/app', { tags: ['1'] })
    const blob = addBlob(hub, 5000)
    const direct = await cache.fetch(manifestPath('1'))
    assert.equal(direct.status, 429)
    assert.equal(direct.headers['retry-after'], '7')
    assert.match(direct.body.toString(), /TOOMANYREQUESTS/)
    const mirrored = await cache.fetch(`${manifestPath('1')}?ns=docker.io`)
    assert.equal(mirrored.status, 503)
    assert.equal(hub.requests.count({ method: 'GET' }), 1, 'the 429 is believed')
    assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
    clock.advance(7000)
    assert.ok(hub.rateLimit)
    hub.rateLimit.remaining = 10
    assert.equal((await cache.fetch(manifestPath('1'))).status, 200)
  })
})
