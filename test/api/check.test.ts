import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { CheckedName, TagRowFull } from '../../src/api/contract-contents.ts'
import { DAY, MINUTE, SECOND } from '../../src/domain/clock.ts'
import { manifestPath } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'

const APP = 'docker.io/library/app'

async function tagOf(cache: Cachalot, tag: string): Promise<TagRowFull> {
  const { items } = await apiOf(cache).get('/tags', { name: APP })
  const row = items.find((one) => one.tag === tag)
  assert.ok(row, `${tag} is listed`)
  return row
}

async function check(cache: Cachalot, ...names: string[]): Promise<readonly CheckedName[]> {
  return (await apiOf(cache).post('/check', { names })).items
}

/** A cached app:1 under a clock that stands still. */
async function begin(t: Parameters<typeof startPair>[0], tags: readonly string[] = ['1']) {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const image = hub.addImage('library/app', { tags, layers: [200_000] })
  for (const tag of tags) await pullImage(cache, image, { repo: 'library/app', tag })
  return { clock, hub, cache, image }
}

suite('what an upstream no longer has', () => {
  test('is remembered when a pull finds it, over a restart, until the next success', async (t) => {
    const { clock, hub, cache, image } = await begin(t)
    assert.deepEqual(
      [(await tagOf(cache, '1')).state, (await tagOf(cache, '1')).goneAt],
      ['fresh', undefined],
    )
    hub.untag('library/app', '1')
    clock.advance(DAY)
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'stale')
    const goneAt = clock()
    clock.advance(MINUTE)
    await cache.fetch(manifestPath('1'))
    const row = await tagOf(cache, '1')
    assert.deepEqual([row.state, row.goneAt], ['gone', goneAt])
    await cache.restart()
    await hub.stop()
    const { image: detail, tags } = await apiOf(cache).get('/image', { name: 'app:1' })
    assert.deepEqual(
      [detail.goneAt, detail.moved, tags[0]?.state, tags[0]?.goneAt],
      [goneAt, false, 'gone', goneAt],
    )
    const gone = await apiOf(cache).get('/images', { filter: 'gone' })
    assert.deepEqual(
      gone.items.map(({ name, goneAt: at }) => [name, at]),
      [[`${APP}:1`, goneAt]],
    )
    assert.equal((await apiOf(cache).get('/tags', { name: APP, filter: '!gone' })).total, 0)
    assert.equal((await apiOf(cache).get('/repositories', { filter: 'gone' })).total, 1)

    await hub.start()
    hub.tag('library/app', '1', image.manifest.digest)
    clock.advance(DAY)
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'revalidated')
    assert.deepEqual(
      [(await tagOf(cache, '1')).state, (await tagOf(cache, '1')).goneAt],
      ['fresh', undefined],
    )
    assert.equal((await apiOf(cache).get('/images', { filter: 'gone' })).total, 0)
  })

  test('is none of 401, 403, 429, 5xx, a web page or silence', async (t) => {
    const { clock, hub, cache } = await begin(t)
    const faults = [
      { status: 403 },
      { status: 429, headers: { 'retry-after': '1' } },
      { status: 500 },
      { status: 503 },
      { status: 404, headers: { 'content-type': 'text/html' } },
    ]
    for (const fault of faults) {
      clock.advance(DAY)
      const rule = hub.faults.add({ when: { kind: 'manifest' }, fault })
      assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'stale', JSON.stringify(fault))
      clock.advance(MINUTE)
      const [found] = await check(cache, 'app:1')
      assert.equal(found?.state, 'failed', JSON.stringify(fault))
      assert.ok(found.error?.code.startsWith('upstream_'))
      rule.remove()
      assert.equal((await tagOf(cache, '1')).goneAt, undefined, JSON.stringify(fault))
    }
    clock.advance(DAY)
    await hub.stop()
    assert.equal((await check(cache, 'app:1'))[0]?.state, 'failed')
    assert.equal((await tagOf(cache, '1')).goneAt, undefined)
  })

  test('is also what it says with 410', async (t) => {
    const { clock, hub, cache } = await begin(t)
    hub.faults.add({ when: { kind: 'manifest' }, fault: { status: 410 } })
    clock.advance(DAY)
    await cache.fetch(manifestPath('1'))
    assert.equal((await tagOf(cache, '1')).state, 'gone')
  })

  test('is an image only when its last tag is gone, and not when its digest is still there', async (t) => {
    const { hub, cache, image, clock } = await begin(t, ['1', '2'])
    hub.untag('library/app', '1')
    assert.deepEqual(
      (await check(cache, 'app:1', 'app:2')).map(({ state }) => state),
      ['gone', 'same'],
    )
    assert.equal((await apiOf(cache).get('/images', { filter: 'gone' })).total, 0)
    hub.untag('library/app', '2')
    await check(cache, 'app:2')
    assert.equal((await apiOf(cache).get('/images', { filter: 'gone' })).total, 1)
    clock.advance(SECOND)
    assert.equal((await check(cache, `app@${image.manifest.digest}`))[0]?.state, 'same')
    assert.equal((await apiOf(cache).get('/images', { filter: 'gone' })).total, 0)
    assert.equal((await tagOf(cache, '1')).state, 'gone')
  })
})

suite('checking an upstream', () => {
  test('says same, moved, gone and failed, moves no body and changes no content', async (t) => {
    const { hub, cache, image, clock } = await begin(t, ['same', 'moved', 'gone'])
    const next = hub.addImage('library/app', { tags: ['moved'], layers: [300_000] })
    hub.untag('library/app', 'gone')
    clock.advance(DAY)
    hub.requests.clear()
    const found = await check(cache, 'app:same', 'app:moved', 'app:gone', 'app:never', 'nowhere.example/x:1')
    assert.deepEqual(
      found.map(({ name, state, digest, upstreamDigest }) => [name, state, digest, upstreamDigest]),
      [
        [`${APP}:same`, 'same', image.manifest.digest, image.manifest.digest],
        [`${APP}:moved`, 'moved', image.manifest.digest, next.manifest.digest],
        [`${APP}:gone`, 'gone', image.manifest.digest, undefined],
        [`${APP}:never`, 'failed', undefined, undefined],
        ['nowhere.example/x:1', 'failed', undefined, undefined],
      ],
    )
    assert.deepEqual([found[3]?.error?.code, found[4]?.error?.code], ['manifest_unknown', 'name_unknown'])
    const requests = hub.requests.list()
    assert.deepEqual(
      requests.map(({ method }) => method),
      ['HEAD', 'HEAD', 'HEAD'],
    )
    assert.equal(hub.requests.bytes(), 0)
    const states = [await tagOf(cache, 'same'), await tagOf(cache, 'moved'), await tagOf(cache, 'gone')]
    assert.deepEqual(
      states.map(({ state, upstreamDigest }) => [state, upstreamDigest]),
      [
        ['fresh', undefined],
        ['moved', next.manifest.digest],
        ['gone', undefined],
      ],
    )
    assert.deepEqual(
      states.map(({ digest }) => digest),
      [image.manifest.digest, image.manifest.digest, image.manifest.digest],
    )
    const moved = await apiOf(cache).get('/tags', { name: APP, filter: 'moved' })
    assert.deepEqual(
      moved.items.map(({ tag }) => tag),
      ['moved'],
    )
    assert.equal((await apiOf(cache).get('/image', { name: 'app:moved' })).image.moved, true)

    await cache.restart()
    assert.equal((await tagOf(cache, 'moved')).state, 'moved')
    // A pull gets what is there by now, and there is no news any more.
    await cache.fetch(manifestPath('moved'))
    assert.deepEqual(
      [(await tagOf(cache, 'moved')).state, (await tagOf(cache, 'moved')).digest],
      ['fresh', next.manifest.digest],
    )
  })

  test('is not needed where a pull found something newer that it could not have', async (t) => {
    const { hub, cache, image, clock } = await begin(t)
    const next = hub.addImage('library/app', { tags: ['1'], layers: [300_000] })
    hub.faults.add({ when: { kind: 'manifest', method: 'GET' }, fault: { status: 500 } })
    clock.advance(DAY)
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'stale')
    const { state, digest, upstreamDigest } = await tagOf(cache, '1')
    assert.deepEqual([state, digest, upstreamDigest], ['moved', image.manifest.digest, next.manifest.digest])
  })

  test('knows when it moved back', async (t) => {
    const { hub, cache, image } = await begin(t)
    hub.addImage('library/app', { tags: ['1'], layers: [300_000] })
    assert.equal((await check(cache, 'app:1'))[0]?.state, 'moved')
    hub.tag('library/app', '1', image.manifest.digest)
    assert.equal((await check(cache, 'app:1'))[0]?.state, 'same')
    assert.equal((await tagOf(cache, '1')).state, 'fresh')
  })

  test('costs no pull of a limited upstream, with its tokens', async (t) => {
    const fake = { auth: 'bearer', rateLimit: { limit: 5, remaining: 1, window: 3600 } } as const
    const { hub, cache } = await startPair(t, { fake })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [1000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    for (let i = 0; i < 10; i++) assert.equal((await check(cache, 'app:1'))[0]?.state, 'same')
    assert.equal(hub.rateLimit?.remaining, 0)
  })

  test('takes at most a hundred names', async (t) => {
    const { cache } = await begin(t)
    const names = Array.from({ length: 101 }, (_, i) => `app:${i}`)
    await assert.rejects(check(cache, ...names), { code: 'bad_request' })
    await assert.rejects(check(cache), { code: 'bad_request' })
  })
})
