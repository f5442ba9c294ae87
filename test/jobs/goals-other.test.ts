import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { GcGoal } from '../../src/api/contract-work.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import { assertNoParts, blobRows, manifestPath } from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { type BuiltImage, buildLayer } from '../support/oci-image.ts'
import { assertHere, assertShown, namesOf, narrow, preview, pullPlatforms } from './goal-support.ts'
import { pullImage } from './support.ts'

const AMD64: GcGoal = { platforms: ['linux/amd64'] }

suite('a clean-up of what has no tag', () => {
  test('takes images that no tag leads to, not parts of those with one', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { pin: [{ match: 'docker.io/library/pinned@*' }] },
    })
    const base = buildLayer(250_000)
    const multi = hub.addIndex('library/multi', { tags: ['1'], image: { layers: [base, 20_000] } })
    const [amd] = multi.images
    assert.ok(amd)
    await pullPlatforms(cache, multi, { repo: 'library/multi', tag: '1', images: [amd] })
    const lone = hub.addImage('library/lone', { layers: [base, 70_000] })
    const bare = hub.addIndex('library/multi', { image: { layers: [base, 30_000] } })
    const [part] = bare.images
    assert.ok(part)
    const pinned = hub.addImage('library/pinned', { layers: [40_000] })
    const byDigest = async (repo: string, image: BuiltImage): Promise<void> =>
      await pullImage(cache, image, { repo, tag: image.manifest.digest })
    await byDigest('library/lone', lone)
    await byDigest('library/pinned', pinned)
    await cache.fetch(manifestPath(bare.manifest.digest, 'library/multi'))
    await byDigest('library/multi', part)
    await assertNoParts(cache.dataDir)
    clock.advance(HOUR)
    const shown = await assertShown(cache, { untagged: true })
    assert.deepEqual(namesOf(shown), [
      `docker.io/library/lone@${lone.manifest.digest}`,
      `docker.io/library/multi@${bare.manifest.digest}`,
    ])
    assert.deepEqual(
      shown.report.rows.map(({ reason, objects }) => [reason, objects]),
      [['untagged', 3 + 4]],
    )
    assertHere(cache, amd, true)
    assertHere(cache, pinned, true)
    for (const { digest } of [lone, part, bare].map(({ manifest }) => manifest))
      assert.equal(blobRows(cache.dataDir).has(digest), false)
    assert.deepEqual((await preview(cache, { untagged: true })).items, [])
  })

  test('frees what it shares with what was replaced long ago once, whatever is left out', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const base = buildLayer(250_000)
    const old = hub.addImage('library/app', { tags: ['1'], layers: [base, 10_000] })
    await pullImage(cache, old, { repo: 'library/app', tag: '1' })
    const lone = hub.addImage('library/lone', { layers: [base, 20_000] })
    await pullImage(cache, lone, { repo: 'library/lone', tag: lone.manifest.digest })
    clock.advance(HOUR)
    const young = hub.addImage('library/app', { tags: ['1'], layers: [30_000] })
    await pullImage(cache, young, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(8 * DAY)
    const shown = await preview(cache, { untagged: true })
    assert.deepEqual(
      shown.report.rows.map(({ reason, objects }) => [reason, objects]),
      [
        ['replaced', 3],
        ['untagged', 4],
      ],
    )
    const without = await narrow(cache, shown.previewId, ['replaced'])
    assert.ok(shown.frees - without.frees > 250_000)
    await assertShown(cache, { untagged: true })
    assertHere(cache, young, true)
    assertHere(cache, lone, false)
  })
})

suite('other goals', () => {
  test('stay within upstreams, list images, and leave out what is excluded', async (t) => {
    const clock = fakeClock()
    const [hub, other] = [await startFakeUpstream(), await startFakeUpstream()]
    t.after(async () => void (await Promise.all([hub.close(), other.close()])))
    const cache = await startCachalot(t, {
      clock,
      upstreams: [
        { name: 'docker.io', url: hub.url },
        { name: 'ghcr.io', url: other.url },
      ],
    })
    const shared = buildLayer(200_000)
    const mine = ['a', 'b'].map((name) =>
      hub.addImage(`library/${name}`, { tags: ['1'], layers: [shared, 100_000] }),
    )
    const theirs = other.addImage('library/c', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, theirs, { repo: 'ghcr.io/library/c', tag: '1' })
    for (const [i, image] of mine.entries())
      await pullImage(cache, image, { repo: `library/${'ab'[i]}`, tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(40 * DAY)
    const idle: GcGoal = { idle: 30 * DAY, upstreams: ['docker.io'] }
    const all = await preview(cache, idle)
    assert.deepEqual(namesOf(all).toSorted(), ['docker.io/library/a:1', 'docker.io/library/b:1'])
    const shown = await assertShown(cache, idle, () => ['docker.io/library/a:1'])
    assert.ok(all.frees - shown.frees > 300_000, 'its layers stay, the shared one too')
    const [a, b] = mine
    assert.ok(a && b)
    assertHere(cache, a, true)
    assert.equal(blobRows(cache.dataDir).has(b.manifest.digest), false)
    await assertShown(cache, { to: 0, upstreams: ['docker.io'] })
    assertHere(cache, theirs, true)
    assert.equal(blobRows(cache.dataDir).size, 3)
    await assert.rejects(preview(cache, { idle: DAY, filter: 'untagged' }), /a filter goes with/)
    await assert.rejects(preview(cache, { ...AMD64, untagged: true }), /give one goal/)
    await assert.rejects(
      preview(cache, { untagged: true, upstreams: ['nowhere.io'] }),
      /no upstream nowhere\.io/,
    )
    await assert.rejects(preview(cache, { platforms: ['amd64'] }), /must look like/)
  })
})
