import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY, MINUTE } from '../../src/domain/clock.ts'
import { addBlob, assertNoParts, blobPath, blobRows, MIB, manifestPath, pull } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { apiOf, gc, pullImage, remove } from './support.ts'

const digestsOf = (image: BuiltImage): string[] =>
  [image.manifest, image.config, ...image.layers].map(({ digest }) => digest)

function assertAll(dataDir: string, image: BuiltImage, isThere: boolean): void {
  const rows = new Set<string>(blobRows(dataDir).keys())
  for (const digest of digestsOf(image)) assert.equal(rows.has(digest), isThere, digest)
}

suite('a pin', () => {
  test('keeps an image and all below it while others make room', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '8MiB' }, pin: [{ match: 'docker.io/library/kept:1*' }] },
    })
    const kept = hub.addImage('library/kept', { tags: ['1.2'], layers: [MIB, 5000] })
    const loose = hub.addImage('library/kept', { tags: ['2.0'], layers: [MIB] })
    await pullImage(cache, kept, { repo: 'library/kept', tag: '1.2' })
    await pullImage(cache, loose, { repo: 'library/kept', tag: '2.0' })
    for (let i = 0; i < 12; i++) {
      clock.advance(MINUTE)
      await pull(cache, addBlob(hub, 2 * MIB))
      await assertNoParts(cache.dataDir)
    }
    assertAll(cache.dataDir, kept, true)
    assertAll(cache.dataDir, loose, false)
  })

  test('keeps layers that were here before its image was, below an index too', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '8MiB' }, pin: [{ match: 'kept' }] },
    })
    const { images } = hub.addIndex('library/kept', { tags: ['1'], image: { layers: [MIB] } })
    const [image] = images
    assert.ok(image)
    const [layer] = image.layers
    assert.ok(layer)
    hub.putBlob('library/base', layer.digest, layer.content)
    await cache.fetch(blobPath(layer.digest, 'library/base'))
    await assertNoParts(cache.dataDir)
    await cache.fetch(manifestPath('1', 'library/kept'))
    await cache.fetch(manifestPath(image.manifest.digest, 'library/kept'))
    for (let i = 0; i < 8; i++) {
      clock.advance(MINUTE)
      await pull(cache, addBlob(hub, 2 * MIB))
      await assertNoParts(cache.dataDir)
    }
    assert.ok(blobRows(cache.dataDir).has(layer.digest))
  })

  test('holds what its tag pointed to while the new image is not here', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { pin: [{ match: 'app:1' }] } })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    hub.addImage('library/app', { tags: ['1'], layers: [50_000] })
    clock.advance(10 * MINUTE)
    await cache.fetch(manifestPath('1'), { method: 'HEAD' })
    clock.advance(10 * MINUTE)
    await gc(cache, { to: 0, grace: 0 })
    assertAll(cache.dataDir, image, true)
    await hub.stop()
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'stale')
  })

  test('that is set by hand counts for what is cached and for what comes, until its time', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { jobs: { expire_unused: '30d' } } })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const until = clock() + 60 * DAY
    const { items } = await apiOf(cache).put('/pins', { match: ['app'], reason: 'release', until })
    assert.deepEqual(
      items.map(({ match, origin, reason, images }) => ({ match, origin, reason, images })),
      [{ match: 'docker.io/library/app', origin: 'user', reason: 'release', images: 1 }],
    )
    const later = hub.addImage('library/app', { tags: ['2'], layers: [50_000] })
    await pullImage(cache, later, { repo: 'library/app', tag: '2' })
    await assertNoParts(cache.dataDir)
    clock.advance(40 * DAY)
    assert.deepEqual((await gc(cache)).rows, [])
    await cache.restart()
    clock.advance(30 * DAY)
    assert.deepEqual(
      (await gc(cache)).rows.map(({ reason }) => reason),
      ['unused'],
    )
    assertAll(cache.dataDir, image, false)
    assertAll(cache.dataDir, later, false)
  })

  test('moves with its tag: what the tag pointed to before is kept no longer', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const first = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    await apiOf(cache).put('/pins', { match: ['docker.io/library/app:1'] })
    await pullImage(cache, first, { repo: 'library/app', tag: '1' })
    const second = hub.addImage('library/app', { tags: ['1'], layers: [50_000] })
    clock.advance(10 * MINUTE)
    await pullImage(cache, second, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(MINUTE)
    await gc(cache, { to: 0, grace: 0 })
    assertAll(cache.dataDir, first, false)
    assertAll(cache.dataDir, second, true)
  })

  test('also holds against removal, and is lifted by hand', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    await apiOf(cache).put('/pins', { match: ['docker.io/library/app:*'] })
    const skipped = await remove(cache, ['app:1'])
    assert.deepEqual(skipped.pinned, ['docker.io/library/app:1'])
    assert.equal(skipped.frees, 0)
    assertAll(cache.dataDir, image, true)
    await apiOf(cache).del('/pins', { match: ['docker.io/library/app:*'] })
    assert.equal((await remove(cache, ['app:1'])).objects, 3)
    assertAll(cache.dataDir, image, false)
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'miss')
  })

  test('of the configuration is changed there only', async (t) => {
    const { cache } = await startPair(t, { config: { pin: [{ match: 'docker.io/library/a' }] } })
    await assert.rejects(apiOf(cache).del('/pins', { match: ['a'] }), /config\.toml/)
    await cache.reload({ config: { pin: [{ match: 'docker.io/library/b', reason: 'why not' }] } })
    const list = async () => (await apiOf(cache).get('/pins', {})).items.map(({ match }) => match)
    for (let i = 0; i < 200 && (await list())[0] !== 'docker.io/library/b'; i++);
    assert.deepEqual(await list(), ['docker.io/library/b'])
  })

  test('of thousands of names is one change, however they are written', async (t) => {
    const { hub, cache } = await startPair(t, { clock: fakeClock() })
    const api = apiOf(cache)
    const names = ['1', '2', '3'].map((tag) => `app:${tag}`)
    const images = names.map((_, at) =>
      hub.addImage('library/app', { tags: [`${at + 1}`], layers: [10_000] }),
    )
    for (const [at, image] of images.entries())
      await pullImage(cache, image, { repo: 'library/app', tag: `${at + 1}` })
    await assertNoParts(cache.dataDir)
    const match = [...names, ...Array.from({ length: 2000 }, (_, at) => `other${at}:1`)]
    const { items } = await api.put('/pins', { match: [...match, 'docker.io/library/app:1'] })
    assert.equal(items.length, match.length)
    assert.deepEqual(
      items.filter((pin) => pin.images > 0).map((pin) => [pin.match, pin.images]),
      names.map((name) => [`docker.io/library/${name}`, 1]),
    )
    assert.equal((await remove(cache, names)).pinned.length, 3)
    await assert.rejects(api.del('/pins', { match: [...match, 'absent'] }), /absent/)
    assert.equal((await api.get('/pins', {})).items.length, match.length)
    assert.deepEqual((await api.del('/pins', { match })).items, [])
    assert.deepEqual((await remove(cache, names)).pinned, [])
    const row = (await api.get('/audit', {})).items.find(({ action }) => action === 'unpin')
    assert.match(row?.target ?? '', /^app:1 .* and \d+ more$/)
    assert.deepEqual(row?.detail, { pins: match.length })
  })

  test('takes so many globs at once, and so many names', async (t) => {
    const { cache } = await startPair(t, {})
    const globs = Array.from({ length: 1001 }, (_, at) => `app${at}:*`)
    await assert.rejects(apiOf(cache).put('/pins', { match: globs }), /at most 1000 with/)
    const many = Array.from({ length: 20_001 }, (_, at) => `a${at}`)
    await assert.rejects(apiOf(cache).put('/pins', { match: many }), /match/)
  })
})
