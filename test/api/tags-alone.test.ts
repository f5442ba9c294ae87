import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { BoundPreview, Evicted } from '../../src/api/contract-evict.ts'
import { MINUTE, SECOND } from '../../src/domain/clock.ts'
import { assertNoParts, assertStoreSound, eventually, manifestPath } from '../e2e/support.ts'
import { apiOf, du, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { nameRows } from './evict-support.ts'

const APP = 'docker.io/library/app'

function select(
  cache: Cachalot,
  names: readonly string[],
  more: { exclude?: readonly string[]; filter?: string } = {},
): Promise<BoundPreview> {
  return apiOf(cache).post('/selection', { names, tagsOnly: true, ...more })
}

async function evict(cache: Cachalot, { previewId }: BoundPreview, mode: 'undo' | 'now'): Promise<Evicted> {
  return await apiOf(cache).post('/evict', { previewId, mode })
}

/** An image under three tags, and one of its own under another. */
async function startTagged(t: TestContext) {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock })
  const image = hub.addImage('library/app', { tags: ['1', '1.2', 'latest'], layers: [300_000] })
  const other = hub.addImage('library/app', { tags: ['0.9'], layers: [200_000] })
  for (const tag of ['1', '1.2', 'latest']) await pullImage(cache, image, { repo: 'library/app', tag })
  await pullImage(cache, other, { repo: 'library/app', tag: '0.9' })
  await assertNoParts(cache.dataDir)
  clock.advance(SECOND)
  return { clock, hub, cache, image, other }
}

/** Everything of an image comes from here. */
async function assertPulls(cache: Cachalot, image: BuiltImage, tag: string): Promise<void> {
  const { manifest, config, layers } = image
  const paths = [
    manifestPath(tag),
    manifestPath(manifest.digest),
    ...[config, ...layers].map(({ digest }) => `/v2/library/app/blobs/${digest}`),
  ]
  for (const path of paths) assert.equal((await cache.fetch(path)).status, 200, path)
}

suite('a tag that goes alone', () => {
  for (const mode of ['undo', 'now'] as const)
    test(`leaves the others of its image (${mode})`, async (t) => {
      const { cache, hub, image } = await startTagged(t)
      const before = await du(cache.dataDir)
      const shown = await select(cache, ['app:1'])
      assert.deepEqual(
        [shown.count, shown.frees, shown.objects, shown.namesOnly, shown.alsoTags],
        [0, 0, 0, [`${APP}:1`], []],
      )
      const done = await evict(cache, shown, mode)
      assert.deepEqual(
        [done.images, done.bytes, done.namesOnly, done.names, done.left],
        [0, 0, 1, [`${APP}:1`], []],
      )
      await hub.stop()
      assert.equal((await apiOf(cache).get('/lookup', { name: 'app:1' })).cached, 'no')
      await assertPulls(cache, image, '1.2')
      await assertPulls(cache, image, 'latest')
      assert.equal(await du(cache.dataDir), before)
      await assertStoreSound(cache.dataDir)
    })

  test('is back after an undo, with all that was known of it', async (t) => {
    const { cache, hub, image } = await startTagged(t)
    await apiOf(cache).get('/images', {})
    const names = nameRows(cache.dataDir)
    const { id } = await evict(cache, await select(cache, ['app:1', 'app:latest']), 'undo')
    assert.equal(nameRows(cache.dataDir).length, names.length - 2)
    assert.deepEqual(await apiOf(cache).post('/undo', { id }), { images: 0, files: 0, bytes: 0 })
    assert.deepEqual(nameRows(cache.dataDir), names)
    await hub.stop()
    await assertPulls(cache, image, '1')
  })

  test('takes the image along where it is the last one, as much as was shown', async (t) => {
    const { cache, clock, hub, image } = await startTagged(t)
    const before = await du(cache.dataDir)
    const shown = await select(cache, ['app:0.9', 'app:latest'])
    assert.deepEqual([shown.count, shown.namesOnly], [1, [`${APP}:latest`]])
    assert.ok(shown.frees > 200_000)
    const done = await evict(cache, shown, 'undo')
    assert.deepEqual([done.images, done.namesOnly, done.bytes], [1, 1, shown.frees])
    clock.advance(10 * MINUTE)
    await eventually('it is freed', async () => (await du(cache.dataDir)) === before - shown.frees)
    await hub.stop()
    await assertPulls(cache, image, '1')
    const all = await select(cache, ['app:1', 'app:1.2'])
    assert.deepEqual([all.count, all.namesOnly], [1, []])
    await evict(cache, all, 'now')
    assert.equal(await du(cache.dataDir), before - shown.frees - all.frees)
    assert.deepEqual(nameRows(cache.dataDir), [])
  })

  test('is chosen by globs, filters and what stays, tag by tag', async (t) => {
    const { cache } = await startTagged(t)
    const tagsOf = ({ namesOnly, images }: BoundPreview) => [
      namesOnly.map((name) => name.slice(APP.length + 1)),
      images.map(({ tags }) => tags),
    ]
    assert.deepEqual(tagsOf(await select(cache, ['app:1*'])), [['1', '1.2'], []])
    assert.deepEqual(tagsOf(await select(cache, ['app:*'], { exclude: ['app:1.2'] })), [
      ['1', 'latest'],
      [['0.9']],
    ])
    assert.deepEqual(tagsOf(await select(cache, ['app:*'], { filter: `${APP}:*lat*` })), [['latest'], []])
    assert.deepEqual(tagsOf(await select(cache, ['app'], { exclude: ['app:0*'] })), [
      [],
      [['1', '1.2', 'latest']],
    ])
    const digest = (await select(cache, ['app:1.2', 'app'])).images.find(({ tags }) => tags.includes('1.2'))
    assert.deepEqual(tagsOf(await select(cache, [`app@${digest?.digest}`, 'app:1'])), [
      [],
      [['1', '1.2', 'latest']],
    ])
  })

  test('stays where a pin covers it; its image stays where a pin covers another name of it', async (t) => {
    const { cache, hub, image } = await startTagged(t)
    await apiOf(cache).put('/pins', { match: ['app:1.2'] })
    const shown = await select(cache, ['app:1', 'app:1.2', 'app:latest'])
    assert.deepEqual(
      [shown.count, shown.namesOnly, shown.pinned],
      [0, [`${APP}:1`, `${APP}:latest`], [`${APP}:1.2`]],
    )
    await apiOf(cache).put('/pins', { match: ['app:latest'] })
    const done = await evict(cache, shown, 'now')
    assert.deepEqual([done.namesOnly, done.left], [1, [{ name: `${APP}:latest`, why: 'pinned' }]])
    await hub.stop()
    await assertPulls(cache, image, '1.2')
    await assertPulls(cache, image, 'latest')
  })

  test('that got company since it was shown stays', async (t) => {
    const { cache, hub, other } = await startTagged(t)
    const shown = await select(cache, ['app:0.9'])
    assert.equal(shown.count, 1)
    hub.putImage('library/app', other, ['0.9.1'])
    await pullImage(cache, other, { repo: 'library/app', tag: '0.9.1' })
    const done = await evict(cache, shown, 'undo')
    assert.deepEqual(done.left, [{ name: `${APP}:0.9`, why: 'changed' }])
    await hub.stop()
    await assertPulls(cache, other, '0.9')
  })

  test('is written down', async (t) => {
    const { cache } = await startTagged(t)
    await evict(cache, await select(cache, ['app:1']), 'now')
    const [first] = (await apiOf(cache).get('/audit', {})).items
    assert.equal(first?.action, 'evict')
    assert.match(JSON.stringify(first), /"namesOnly\W+1\b/)
  })
})

suite('of an image for several platforms', () => {
  async function startIndex(t: TestContext) {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const { manifest, images } = hub.addIndex('library/app', { tags: ['1', 'latest'] })
    const [amd] = images
    assert.ok(amd)
    hub.putImage('library/app', amd, ['1-amd64'])
    for (const tag of ['1', 'latest']) await cache.fetch(manifestPath(tag))
    for (const image of images)
      await pullImage(cache, image, { repo: 'library/app', tag: image.manifest.digest })
    await pullImage(cache, amd, { repo: 'library/app', tag: '1-amd64' })
    await assertNoParts(cache.dataDir)
    return { hub, cache, manifest, images, amd }
  }

  test('one of two tags goes, the other pulls for each of them', async (t) => {
    const { hub, cache, images } = await startIndex(t)
    const shown = await select(cache, ['app:latest'])
    assert.deepEqual([shown.count, shown.frees, shown.namesOnly], [0, 0, [`${APP}:latest`]])
    await evict(cache, shown, 'now')
    await hub.stop()
    for (const image of images) await assertPulls(cache, image, '1')
  })

  test('the tag of one platform goes without it', async (t) => {
    const { hub, cache, images } = await startIndex(t)
    const shown = await select(cache, ['app:1-amd64'])
    assert.deepEqual([shown.count, shown.frees, shown.namesOnly], [0, 0, [`${APP}:1-amd64`]])
    await evict(cache, shown, 'now')
    await hub.stop()
    for (const image of images) await assertPulls(cache, image, 'latest')
    const all = await select(cache, ['app:1', 'app:latest'])
    const before = await du(cache.dataDir)
    await evict(cache, all, 'now')
    assert.equal(await du(cache.dataDir), before - all.frees)
    assert.deepEqual(nameRows(cache.dataDir), [])
  })

  test('all tags at once take everything', async (t) => {
    const { cache } = await startIndex(t)
    const before = await du(cache.dataDir)
    const shown = await select(cache, ['app:1-amd64', 'app:1', 'app:latest'])
    assert.deepEqual([shown.count, shown.namesOnly], [2, []])
    const { id } = await evict(cache, shown, 'undo')
    assert.deepEqual(nameRows(cache.dataDir), [])
    const { bytes } = await apiOf(cache).post('/evictions/free', { id })
    assert.equal(bytes, shown.frees)
    assert.equal(await du(cache.dataDir), before - shown.frees)
  })
})
