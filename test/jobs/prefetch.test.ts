import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { assertStoreSound, manifestPath } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { costOf, listOf, rowsOf, runOne } from './prefetch-support.ts'
import { apiOf, pullImage } from './support.ts'

const SIX = ['a', 'b', 'c', 'd', 'e', 'f']

/** Six images of one manifest each, "a:1" to "f:1". */
function addSix(hub: FakeUpstream): readonly string[] {
  for (const name of SIX) hub.addImage(`library/${name}`, { tags: ['1'], layers: 1 })
  return SIX.map((name) => `${name}:1`)
}

const LIMIT = { limit: 100, remaining: 100, window: 21_600 }

suite('pulls that are kept for clients', () => {
  test('a list stops exactly above its floor, and the next run goes on where it stopped', async (t) => {
    const refs = SIX.map((name) => `${name}:1`)
    const { hub, cache } = await startPair(t, {
      ...listOf(refs, { keep_pulls: '20' }),
      fake: { rateLimit: { ...LIMIT, remaining: 24 } },
    })
    addSix(hub)
    const first = await runOne(cache)
    assert.deepEqual([first.fetched, first.left, first.pulls], [4, 2, 4])
    assert.equal(hub.rateLimit?.remaining, 20)
    assert.deepEqual(rowsOf(first).slice(4), ['left e:1', 'left f:1'])
    assert.deepEqual(first.images.at(-1)?.why?.params, {
      upstream: 'docker.io',
      remaining: 20,
      pulls: 1,
      keep: 20,
    })

    // Clients spent some; a little came back. What was left comes first, though new names stand before it.
    if (hub.rateLimit !== undefined) hub.rateLimit.remaining = 21
    hub.addImage('library/new', { tags: ['1'] })
    await cache.reload(listOf(['new:1', ...refs], { keep_pulls: '20' }))
    const second = await runOne(cache)
    assert.deepEqual(rowsOf(second), ['fetched e:1', 'left f:1', 'left new:1'])
    assert.equal(second.unchanged, 4)
    assert.equal(hub.rateLimit?.remaining, 20)

    if (hub.rateLimit !== undefined) hub.rateLimit.remaining = 100
    const third = await runOne(cache)
    assert.deepEqual(rowsOf(third), ['fetched f:1', 'fetched new:1'])
    assert.equal(hub.rateLimit?.remaining, 98)
    await assertStoreSound(cache.dataDir)
  })

  test('an index takes a pull for itself and one for each platform, and is not begun where they do not fit', async (t) => {
    const { hub, cache } = await startPair(t, {
      ...listOf(['two:1', 'three:1'], { keep_pulls: '20%', platforms: ['linux/amd64', 'linux/arm64'] }),
      fake: { rateLimit: { ...LIMIT, remaining: 25 } },
    })
    for (const name of ['two', 'three']) hub.addIndex(`library/${name}`, { tags: ['1'] })
    const dry = await runOne(cache, true)
    assert.deepEqual(
      dry.images.map(({ state, pulls, bytes }) => [state, pulls, bytes]),
      [
        ['due', 3, undefined],
        ['left', 0, 0],
      ],
    )
    assert.equal(hub.rateLimit?.remaining, 25)
    const report = await runOne(cache)
    assert.deepEqual(rowsOf(report), ['fetched two:1', 'left three:1'])
    assert.equal(hub.rateLimit?.remaining, 22)
  })

  test('where a registry says nothing of limits, none is pretended', async (t) => {
    const { hub, cache } = await startPair(
      t,
      listOf(
        SIX.map((name) => `${name}:1`),
        { keep_pulls: '999999' },
      ),
    )
    addSix(hub)
    assert.equal((await runOne(cache)).fetched, 6)
  })

  test('an image that could never keep to the floor holds up nobody', async (t) => {
    const { hub, cache } = await startPair(t, {
      ...listOf(['many:1', 'a:1'], { keep_pulls: '97%', platforms: ['all'] }),
      fake: { rateLimit: LIMIT },
    })
    addSix(hub)
    const platforms = ['linux/amd64', 'linux/arm64', 'linux/386', 'linux/s390x']
    hub.addIndex('library/many', { tags: ['1'], platforms })
    const report = await runOne(cache)
    // Its index alone told how many there are: that pull was spent.
    assert.deepEqual(rowsOf(report), ['left many:1', 'fetched a:1'])
    assert.equal(report.images[0]?.why?.reason, 'prefetch_never')
    assert.equal(hub.rateLimit?.remaining, 98)
    const again = await runOne(cache)
    assert.deepEqual([again.pulls, again.unchanged], [0, 1])
  })

  test('a 429 ends the part of its upstream, and only that', async (t) => {
    const { hub } = await startPair(t)
    const { hub: second, cache } = await startPair(t)
    await cache.reload({
      ...listOf(['a:1', 'b:1', 'quay.io/org/app:1']),
      upstreams: [
        { name: 'docker.io', url: hub.url },
        { name: 'quay.io', url: second.url },
      ],
    })
    addSix(hub)
    second.addImage('org/app', { tags: ['1'] })
    hub.faults.add({
      when: { kind: 'manifest', method: 'GET' },
      fault: { status: 429, headers: { 'retry-after': '60' } },
    })
    const report = await runOne(cache)
    assert.deepEqual(rowsOf(report), ['left a:1', 'left b:1', 'fetched quay.io/org/app:1'])
    assert.equal(report.images[1]?.why?.code, 'upstream_rate_limited')
  })
})

suite('what a list has already', () => {
  test('costs no pull and no bytes, is confirmed and stays young, and counts as no pull of clients', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { ...listOf(['app:1']), clock, fake: { rateLimit: LIMIT } })
    hub.addIndex('library/app', { tags: ['1'] })
    const first = await runOne(cache)
    assert.equal(first.fetched, 1)
    assert.ok(first.bytes > 0)
    hub.requests.clear()
    clock.advance(DAY)
    const second = await runOne(cache)
    assert.deepEqual([second.unchanged, second.bytes, second.pulls], [1, 0, 0])
    assert.deepEqual(costOf(hub), { pulls: 0, blobs: 0 })
    assert.equal(hub.requests.count({ method: 'HEAD' }), 1)
    const { items } = await apiOf(cache).get('/images', { filter: 'docker.io' })
    assert.deepEqual(
      items.map(({ pulls, lastUsed }) => [pulls, lastUsed]),
      [[0, clock()]],
    )
    await hub.stop()
    // A tag that the list confirmed just now is asked about no more.
    const answer = await cache.fetch(manifestPath('1'))
    assert.equal(answer.headers['x-cache'], 'hit')
  })

  test('what clients brought is taken as it is; what they did not bring is added', async (t) => {
    const { hub, cache } = await startPair(
      t,
      listOf(['app:1'], { platforms: ['linux/amd64', 'linux/arm64'] }),
    )
    const { images } = hub.addIndex('library/app', { tags: ['1'] })
    const [amd] = images
    assert.ok(amd)
    await cache.fetch(manifestPath('1'))
    await cache.fetch(manifestPath(amd.manifest.digest))
    for (const { digest } of [amd.config, ...amd.layers]) await cache.fetch(`/v2/library/app/blobs/${digest}`)
    hub.requests.clear()
    const dry = await runOne(cache, true)
    assert.deepEqual([dry.images[0]?.state, dry.images[0]?.pulls], ['due', 1])
    assert.deepEqual(costOf(hub), { pulls: 0, blobs: 0 })
    const report = await runOne(cache)
    assert.deepEqual([report.fetched, report.pulls], [1, 1])
    assert.equal((await runOne(cache)).unchanged, 1)
  })

  test('a tag that moved is fetched anew, whatever age the cached one has; its old content was not touched', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['app:1']))
    const old = hub.addImage('library/app', { tags: ['1'] })
    await pullImage(cache, old, { repo: 'library/app', tag: '1' })
    const moved = hub.addImage('library/app', { tags: ['1'] })
    const report = await runOne(cache)
    assert.deepEqual(rowsOf(report), ['fetched app:1'])
    assert.equal(report.pulls, 1)
    await hub.stop()
    const answer = await cache.fetch(manifestPath('1'))
    assert.equal(answer.headers['docker-content-digest'], moved.manifest.digest)
  })

  test('a digest that is here asks nobody', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'] })
    await cache.reload(listOf([`app@${image.manifest.digest}`]))
    assert.equal((await runOne(cache)).fetched, 1)
    await hub.stop()
    assert.equal((await runOne(cache)).unchanged, 1)
  })

  test('layers that another repository brought are confirmed, not fetched', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['one:1', 'two:1']))
    const image = hub.addImage('library/one', { tags: ['1'] })
    hub.putImage('library/two', image, ['1'])
    const report = await runOne(cache)
    assert.deepEqual(
      report.images.map(({ state, pulls, bytes }) => [state, pulls, (bytes ?? 0) > 0]),
      [
        ['fetched', 1, true],
        ['fetched', 0, false],
      ],
    )
    assert.equal((await runOne(cache)).unchanged, 2)
  })
})
