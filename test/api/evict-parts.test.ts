import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { assertNoParts, assertStoreSound, manifestPath } from '../e2e/support.ts'
import { apiOf, du, pullImage, remove } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { nameRows, select } from './evict-support.ts'

const APP = 'docker.io/library/app'

/** An index of two platforms, of which one may have tags of its own. */
async function startIndex(t: TestContext, { tagged }: { tagged: boolean }) {
  const { hub, cache } = await startPair(t, { clock: fakeClock() })
  const { images } = hub.addIndex('library/app', { tags: ['1'], image: { layers: [200_000] } })
  const [amd] = images
  assert.ok(amd)
  await cache.fetch(manifestPath('1'))
  for (const image of images)
    await pullImage(cache, image, { repo: 'library/app', tag: image.manifest.digest })
  if (tagged) {
    hub.putImage('library/app', amd, ['1-amd64'])
    await pullImage(cache, amd, { repo: 'library/app', tag: '1-amd64' })
  }
  await assertNoParts(cache.dataDir)
  return { hub, cache, images, amd }
}

async function assertIndexPulls(cache: Cachalot, images: readonly { manifest: { digest: string } }[]) {
  for (const ref of ['1', ...images.map(({ manifest }) => manifest.digest)])
    assert.equal((await cache.fetch(manifestPath(ref))).status, 200, ref)
}

suite('evicting the image of one platform', () => {
  for (const mode of ['undo', 'now'] as const)
    test(`by its digest leaves it to the index that is made of it (${mode})`, async (t) => {
      const { hub, cache, images, amd } = await startIndex(t, { tagged: false })
      const api = apiOf(cache)
      const before = await du(cache.dataDir)
      const names = nameRows(cache.dataDir).length
      const shown = await select(cache, `app@${amd.manifest.digest}`)
      assert.deepEqual([shown.count, shown.frees, shown.namesOnly], [0, 0, []])
      assert.deepEqual(shown.needed, [`${APP}@${amd.manifest.digest}`])
      const done = await api.post('/evict', { previewId: shown.previewId, mode })
      assert.deepEqual([done.id, done.images, done.bytes], ['', 0, 0])
      await hub.stop()
      await assertIndexPulls(cache, images)
      assert.equal(nameRows(cache.dataDir).length, names)
      assert.equal(await du(cache.dataDir), before)
      const { items } = await api.get('/tags', { name: 'app' })
      assert.deepEqual(
        items.map(({ tag }) => tag),
        ['1'],
      )
      await api.get('/image', { name: `app@${amd.manifest.digest}` })
    })

  test('is left by a removal at once, too', async (t) => {
    const { hub, cache, images, amd } = await startIndex(t, { tagged: true })
    const before = await du(cache.dataDir)
    const byDigest = await remove(cache, [`app@${amd.manifest.digest}`])
    assert.deepEqual([byDigest.count, byDigest.frees, byDigest.namesOnly], [0, 0, [`${APP}:1-amd64`]])
    const again = await remove(cache, [`app@${amd.manifest.digest}`])
    assert.deepEqual([again.count, again.needed], [0, [`${APP}@${amd.manifest.digest}`]])
    await hub.stop()
    await assertIndexPulls(cache, images)
    assert.equal((await cache.fetch(manifestPath('1-amd64'))).status >= 400, true)
    assert.equal(await du(cache.dataDir), before)
  })

  test('by its tag takes its tags alone', async (t) => {
    const { hub, cache, images } = await startIndex(t, { tagged: true })
    const before = await du(cache.dataDir)
    const shown = await select(cache, 'app:1-amd64')
    assert.deepEqual([shown.count, shown.frees, shown.namesOnly], [0, 0, [`${APP}:1-amd64`]])
    const done = await apiOf(cache).post('/evict', { previewId: shown.previewId, mode: 'now' })
    assert.deepEqual([done.images, done.bytes, done.namesOnly, done.left], [0, 0, 1, []])
    await hub.stop()
    await assertIndexPulls(cache, images)
    assert.equal(await du(cache.dataDir), before)
    await assertStoreSound(cache.dataDir)
  })

  test('goes with its index, as much as was shown', async (t) => {
    const { cache, amd } = await startIndex(t, { tagged: true })
    const before = await du(cache.dataDir)
    const shown = await select(cache, 'app:1', `app@${amd.manifest.digest}`)
    assert.deepEqual([shown.count, shown.needed, shown.namesOnly], [2, [], []])
    await apiOf(cache).post('/evict', { previewId: shown.previewId, mode: 'now' })
    assert.equal(await du(cache.dataDir), before - shown.frees)
    assert.deepEqual(nameRows(cache.dataDir), [])
  })

  test('that became part of one since it was shown stays, and is named', async (t) => {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const { images } = hub.addIndex('library/app', { tags: ['1'] })
    const [amd] = images
    assert.ok(amd)
    await pullImage(cache, amd, { repo: 'library/app', tag: amd.manifest.digest })
    await assertNoParts(cache.dataDir)
    const shown = await select(cache, `app@${amd.manifest.digest}`)
    assert.equal(shown.count, 1)
    await cache.fetch(manifestPath('1'))
    const done = await apiOf(cache).post('/evict', { previewId: shown.previewId, mode: 'undo' })
    assert.deepEqual(done.left, [{ name: `${APP}@${amd.manifest.digest}`, why: 'needed' }])
  })
})

suite('two who evict the same images', () => {
  for (const mode of ['undo', 'now'] as const)
    test(`do it once, and the second is told (${mode})`, async (t) => {
      const { hub, cache } = await startPair(t, { clock: fakeClock() })
      const api = apiOf(cache)
      for (const name of ['a', 'b', 'c']) {
        const image = hub.addImage(`library/${name}`, { tags: ['1'], layers: [100_000] })
        await pullImage(cache, image, { repo: `library/${name}`, tag: '1' })
      }
      await assertNoParts(cache.dataDir)
      const before = await du(cache.dataDir)
      const first = await select(cache, 'a:1', 'b:1')
      const second = await select(cache, 'b:1', 'c:1')
      const both = [first, second].map(({ previewId }) => api.post('/evict', { previewId, mode }))
      const done = await Promise.all(both)
      assert.deepEqual(
        done.map(({ images }) => images).toSorted((a, b) => a - b),
        [1, 2],
      )
      assert.deepEqual(
        done.flatMap(({ left }) => left),
        [{ name: 'docker.io/library/b:1', why: 'gone' }],
      )
      const rows = (await api.get('/evictions', {})).items
      assert.equal(rows.length, 2)
      if (mode === 'undo') await api.post('/evictions/free', {})
      assert.equal(await du(cache.dataDir), before - rows.reduce((sum, { bytes }) => sum + bytes, 0))
      assert.deepEqual(nameRows(cache.dataDir), [])
    })

  test('leave one row where nothing is left for the second', async (t) => {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const api = apiOf(cache)
    const image = hub.addImage('library/a', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, image, { repo: 'library/a', tag: '1' })
    await assertNoParts(cache.dataDir)
    const shown = [await select(cache, 'a:1'), await select(cache, 'a:1')]
    const done = await Promise.all(
      shown.map(({ previewId }) => api.post('/evict', { previewId, mode: 'undo' })),
    )
    const counts = done.map(({ images, left }) => `${images} went, ${left.length} left`)
    assert.deepEqual(new Set(counts), new Set(['1 went, 0 left', '0 went, 1 left']))
    assert.equal((await api.get('/evictions', {})).items.length, 1)
  })
})
