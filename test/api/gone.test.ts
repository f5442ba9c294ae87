import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import { manifestPath } from '../e2e/support.ts'
import { apiOf, du, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { nameRows } from './evict-support.ts'

const GONE = 'docker.io/library/gone:1'
const THERE = 'docker.io/library/there:1'

/** Two images with a layer in common, one of which its upstream has lost. */
async function begin(t: Parameters<typeof startPair>[0]) {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const there = hub.addImage('library/there', { tags: ['1'], layers: [300_000] })
  const [shared] = there.layers
  assert.ok(shared)
  const gone = hub.addImage('library/gone', { tags: ['1', 'also'], layers: [shared, 500_000] })
  await pullImage(cache, there, { repo: 'library/there', tag: '1' })
  await pullImage(cache, gone, { repo: 'library/gone', tag: '1' })
  await cache.fetch(manifestPath('also', 'library/gone'))
  for (const tag of ['1', 'also']) hub.untag('library/gone', tag)
  clock.advance(SECOND)
  return { clock, hub, cache, there, gone }
}

const lose = (cache: Cachalot) => apiOf(cache).post('/check', { names: ['gone:1', 'gone:also'] })

suite('evicting what cannot be pulled again', () => {
  test('leaves it here, and frees as much as was shown', async (t) => {
    const { cache } = await begin(t)
    await lose(cache)
    const api = apiOf(cache)
    const shown = await api.post('/selection', { names: ['gone', 'there'] })
    assert.deepEqual(
      [shown.count, shown.gone, shown.images[0]?.name],
      [1, ['docker.io/library/gone:1'], THERE],
    )
    const before = await du(cache.dataDir)
    const { images, bytes, left } = await api.post('/evict', { previewId: shown.previewId, mode: 'now' })
    assert.deepEqual([images, bytes, left], [1, shown.frees, []])
    assert.equal(await du(cache.dataDir), before - shown.frees)
    assert.equal((await api.get('/lookup', { name: 'gone:1' })).cached, 'complete')
    assert.equal((await api.get('/lookup', { name: 'there:1' })).cached, 'no')
  })

  test('takes it along where that is asked for, and puts it back as it was', async (t) => {
    const { cache, hub } = await begin(t)
    await lose(cache)
    await hub.stop()
    const api = apiOf(cache)
    const shown = await api.post('/selection', { names: ['gone', 'there'], includeGone: true })
    assert.deepEqual([shown.count, shown.gone], [2, [GONE]])
    const names = nameRows(cache.dataDir)
    const evicted = await api.post('/evict', { previewId: shown.previewId, mode: 'undo', includeGone: true })
    assert.deepEqual([evicted.images, evicted.bytes, evicted.left], [2, shown.frees, []])
    assert.equal((await api.get('/images', {})).total, 0)
    await api.post('/undo', { id: evicted.id })
    assert.deepEqual(nameRows(cache.dataDir), names)
    assert.equal((await api.get('/images', { filter: 'gone' })).total, 1)

    const again = await api.post('/selection', { names: ['gone', 'there'], includeGone: true })
    const before = await du(cache.dataDir)
    await api.post('/evict', { previewId: again.previewId, mode: 'now', includeGone: true })
    assert.equal(await du(cache.dataDir), before - again.frees)
  })

  test('takes what was shown as gone, and no more, when only the second step asks for it', async (t) => {
    const { cache } = await begin(t)
    await lose(cache)
    const api = apiOf(cache)
    const { previewId } = await api.post('/selection', { names: ['gone'] })
    const { images } = await api.post('/evict', { previewId, mode: 'now', includeGone: true })
    assert.equal(images, 1)
    assert.equal((await api.get('/lookup', { name: 'gone:1' })).cached, 'no')
  })

  test('leaves what turned out to be gone since it was shown, and says so', async (t) => {
    const { cache } = await begin(t)
    const api = apiOf(cache)
    const { previewId, gone, count } = await api.post('/selection', { names: ['gone', 'there'] })
    assert.deepEqual([gone, count], [[], 2])
    await lose(cache)
    const { images, left } = await api.post('/evict', { previewId, mode: 'now' })
    assert.deepEqual([images, left], [1, [{ name: GONE, why: 'gone_upstream' }]])
    assert.equal((await api.get('/lookup', { name: 'gone:1' })).cached, 'complete')
  })

  test('names what is pinned as pinned', async (t) => {
    const { cache } = await begin(t)
    await lose(cache)
    const api = apiOf(cache)
    await api.put('/pins', { match: ['gone:1'] })
    const { gone, pinned, count } = await api.post('/selection', { names: ['gone', 'there'] })
    assert.deepEqual([gone, pinned, count], [[], [GONE], 1])
  })

  test('holds for /remove too', async (t) => {
    const { cache } = await begin(t)
    await lose(cache)
    const api = apiOf(cache)
    const dry = await api.post('/remove', { names: ['gone', 'there'], dryRun: true })
    assert.deepEqual([dry.images.length, dry.gone], [1, [GONE]])
    await api.post('/remove', { names: ['gone', 'there'], dryRun: false })
    assert.equal((await api.get('/lookup', { name: 'gone:1' })).cached, 'complete')
    await api.post('/remove', { names: ['gone'], dryRun: false, includeGone: true })
    assert.equal((await api.get('/lookup', { name: 'gone:1' })).cached, 'no')
  })
})
