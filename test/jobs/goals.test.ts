import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { GcGoal } from '../../src/api/contract-work.ts'
import { HOUR } from '../../src/domain/clock.ts'
import { assertNoParts, assertStoreSound, blobPath, blobRows, manifestPath } from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { type BuiltImage, buildImage, buildLayer } from '../support/oci-image.ts'
import {
  addAttested,
  assertHere,
  assertShown,
  carryOut,
  namesOf,
  narrow,
  preview,
  pullPlatforms,
} from './goal-support.ts'
import { apiOf, du, pullImage } from './support.ts'

const AMD64: GcGoal = { platforms: ['linux/amd64'] }

suite('a clean-up of other platforms', () => {
  test('takes parts of indexes with what they alone hold; pulls of the others go on offline', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const shared = buildLayer(200_000)
    const multi = hub.addIndex('library/multi', {
      tags: ['1'],
      platforms: ['linux/amd64', 'linux/arm64/v8', 'windows/amd64'],
      image: { layers: [shared, 100_000] },
    })
    const [amd, arm, windows] = multi.images
    assert.ok(amd && arm && windows)
    await pullPlatforms(cache, multi, { repo: 'library/multi', tag: '1', images: [amd, arm, windows] })
    clock.advance(HOUR)
    const shown = await assertShown(cache, AMD64)
    assert.deepEqual(
      shown.report.rows.map(({ reason, objects }) => [reason, objects]),
      [['platform', 6]],
    )
    assert.deepEqual(shown.items.map(({ platform, partOf }) => `${platform} of ${partOf}`).toSorted(), [
      'linux/arm64/v8 of docker.io/library/multi:1',
      'windows/amd64 of docker.io/library/multi:1',
    ])
    assertHere(cache, amd, true)

    await hub.stop()
    await cache.fetch(manifestPath('1', 'library/multi'))
    const kept = [manifestPath(amd.manifest.digest, 'library/multi')]
    for (const blob of [amd.config, ...amd.layers]) kept.push(blobPath(blob.digest, 'library/multi'))
    for (const path of kept) assert.equal((await cache.fetch(path)).headers['x-cache'], 'hit', path)
    const { items } = await apiOf(cache).get('/images', {})
    assert.deepEqual(
      items.map(({ tags, state }) => [tags, state]),
      [[['1'], 'complete']],
    )

    await hub.start()
    const again = await cache.fetch(manifestPath(arm.manifest.digest, 'library/multi'))
    assert.deepEqual([again.status, again.headers['x-cache']], [200, 'miss'])
    for (const blob of [arm.config, ...arm.layers.slice(1)])
      assert.equal((await cache.fetch(blobPath(blob.digest, 'library/multi'))).headers['x-cache'], 'miss')
    await assertStoreSound(cache.dataDir)
  })

  test('takes plain images of other platforms with their tags, and leaves what says of none', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const arm = hub.addImage('library/arm', { tags: ['1'], platform: 'linux/arm/v7', layers: [100_000] })
    const amd = hub.addImage('library/amd', { tags: ['1'], layers: [100_000] })
    const chart = hub.addReferrer('library/amd', {
      subject: amd.manifest.digest,
      artifactType: 'application/vnd.cncf.helm',
      layers: [50_000],
    })
    hub.tag('library/amd', 'chart', chart.manifest.digest)
    await pullImage(cache, arm, { repo: 'library/arm', tag: '1' })
    await pullImage(cache, amd, { repo: 'library/amd', tag: '1' })
    await pullImage(cache, chart, { repo: 'library/amd', tag: 'chart' })
    await assertNoParts(cache.dataDir)
    const { items } = await apiOf(cache).get('/gc/platforms', {})
    assert.deepEqual(items.map(({ platform, images }) => `${images} ${platform}`).toSorted(), [
      '1 linux/amd64',
      '1 linux/arm/v7',
    ])
    clock.advance(HOUR)
    const shown = await assertShown(cache, AMD64)
    assert.deepEqual(namesOf(shown), ['docker.io/library/arm:1'])
    assertHere(cache, arm, false)
    assertHere(cache, chart, true)
    assert.equal((await apiOf(cache).get('/lookup', { name: 'arm:1' })).cached, 'no')
  })

  test('takes attestations with what they are about', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const place = { repo: 'library/app', tag: '1' }
    const index = addAttested(hub, place, ['linux/amd64', 'linux/arm64'])
    const { images, attestations } = index
    await pullPlatforms(cache, index, { ...place, images: [...images, ...attestations] })
    clock.advance(HOUR)
    const shown = await assertShown(cache, AMD64)
    assert.equal(shown.count, 2)
    for (const [i, one] of [...images, ...attestations].entries())
      assert.equal(blobRows(cache.dataDir).has(one.manifest.digest), i % 2 === 0, `${i}`)
  })

  test('leaves what is pinned, excluded, of other upstreams or images, or was just used', async (t) => {
    const clock = fakeClock()
    const [hub, other] = [await startFakeUpstream(), await startFakeUpstream()]
    t.after(async () => void (await Promise.all([hub.close(), other.close()])))
    const cache = await startCachalot(t, {
      clock,
      upstreams: [
        { name: 'docker.io', url: hub.url },
        { name: 'ghcr.io', url: other.url },
      ],
      config: { pin: [{ match: 'docker.io/library/pinned' }] },
    })
    const layer = buildLayer(300_000)
    const image = buildImage({ platform: 'linux/arm64', layers: [layer, 40_000] })
    const places = ['library/pinned', 'library/kept', 'library/gone', 'library/late']
    const arms = new Map<string, BuiltImage>()
    for (const repo of places) {
      const arm = hub.addImage(repo, { tags: ['1'], platform: 'linux/arm64', layers: [layer, 60_000] })
      arms.set(repo, arm)
      if (repo !== 'library/late') await pullImage(cache, arm, { repo, tag: '1' })
    }
    // The same bytes in two upstreams, and one of them stays.
    for (const [at, prefix] of [
      [hub, ''],
      [other, 'ghcr.io/'],
    ] as const) {
      at.putImage('library/both', image, ['1'])
      await pullImage(cache, image, { repo: `${prefix}library/both`, tag: '1' })
    }
    clock.advance(HOUR)
    await pullImage(cache, arms.get('library/late') ?? assert.fail(), { repo: 'library/late', tag: '1' })
    await assertNoParts(cache.dataDir)
    const goal: GcGoal = { ...AMD64, upstreams: ['docker.io'], filter: '!**kept**' }
    const shown = await assertShown(cache, goal, () => ['docker.io/library/both:1'])
    assert.deepEqual(namesOf(shown), ['docker.io/library/both:1', 'docker.io/library/gone:1'])
    for (const [repo, arm] of arms)
      assert.equal(blobRows(cache.dataDir).has(arm.manifest.digest), repo !== 'library/gone', repo)
    assertHere(cache, image, true)
    const next = await assertShown(cache, { ...AMD64, upstreams: ['docker.io'], filter: '**both**' })
    assert.equal(next.frees, 0, 'the other upstream needs all of it')
    assert.equal((await apiOf(cache).get('/lookup', { name: 'docker.io/library/both:1' })).cached, 'no')
    assert.equal((await apiOf(cache).get('/lookup', { name: 'ghcr.io/library/both:1' })).cached, 'complete')
  })

  test('keeps a layer as long as one excluded part needs it', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const shared = buildLayer(400_000)
    const names = ['a', 'b', 'c'].map((name) => `library/${name}`)
    for (const repo of names) {
      const image = { layers: [shared, 30_000] }
      const index = hub.addIndex(repo, {
        tags: ['1'],
        platforms: ['linux/amd64', 'linux/arm64'],
        image: { layers: 1 },
      })
      const arm = hub.putImage(repo, buildImage({ ...image, platform: 'linux/s390x' }), ['s390x'])
      const [, second] = index.images
      assert.ok(second)
      await pullPlatforms(cache, index, { repo, tag: '1', images: [second] })
      await pullImage(cache, arm, { repo, tag: 's390x' })
    }
    await assertNoParts(cache.dataDir)
    clock.advance(HOUR)
    const all = await preview(cache, AMD64)
    assert.equal(all.count, 6)
    const one = all.items.find(({ name }) => name === 'docker.io/library/b:s390x') ?? assert.fail()
    assert.ok(one.frees > 430_000)
    const left = await narrow(cache, all.previewId, [one.name])
    assert.equal(all.frees - left.frees, one.frees)
    const two = await narrow(cache, all.previewId, [one.name, 'docker.io/library/c:s390x'])
    assert.ok(left.frees - two.frees < 100_000, 'what they share stays once')
    const whole = await narrow(cache, all.previewId, ['docker.io/library/a:1'])
    assert.ok(whole.frees < all.frees, 'an image stands for all of its parts')
    assert.deepEqual((await narrow(cache, all.previewId, ['platform'])).report.rows, [])
    await assert.rejects(narrow(cache, all.previewId, ['docker.io/library/z:9']), /not among what was shown/)
    await assert.rejects(narrow(cache, all.previewId, ['parts']), /not among what was shown/)
    const done = await assertShown(cache, AMD64, () => [one.name])
    assert.equal(done.frees, left.frees)
    await assert.rejects(carryOut(cache, done.previewId), /too long ago, or is done already/)
  })

  test('does what was shown and is still so', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const arms = ['used', 'pinned', 'new', 'same'].map((name) => {
      const repo = `library/${name}`
      return { repo, image: hub.addImage(repo, { tags: ['1'], platform: 'linux/arm64', layers: [90_000] }) }
    })
    for (const { repo, image } of arms)
      if (repo !== 'library/new') await pullImage(cache, image, { repo, tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(HOUR)
    const shown = await preview(cache, AMD64)
    assert.equal(shown.count, 3)
    clock.advance(1000)
    await cache.fetch(manifestPath('1', 'library/used'))
    await apiOf(cache).put('/pins', { match: ['docker.io/library/pinned'] })
    await pullImage(cache, arms[2]?.image ?? assert.fail(), { repo: 'library/new', tag: '1' })
    await assertNoParts(cache.dataDir)
    const before = await du(cache.dataDir)
    const done = await carryOut(cache, shown.previewId)
    assert.equal(before - (await du(cache.dataDir)), done.frees)
    for (const { repo, image } of arms)
      assert.equal(blobRows(cache.dataDir).has(image.manifest.digest), repo !== 'library/same', repo)
    await assertStoreSound(cache.dataDir)
  })
})
