import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY, MINUTE, SECOND } from '../../src/domain/clock.ts'
import {
  assertNoParts,
  assertStoreSound,
  blobPath,
  blobRows,
  eventually,
  MIB,
  manifestPath,
  upstreamBytes,
} from '../e2e/support.ts'
import { apiOf, du, gc, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { buildLayer } from '../support/oci-image.ts'
import { evict, nameRows, select } from './evict-support.ts'

const used = async (cache: Cachalot): Promise<number> => (await apiOf(cache).get('/stats', {})).disk.used

/** What counts as used is what lies on disk. */
async function assertCounted(cache: Cachalot): Promise<number> {
  const bytes = await du(cache.dataDir)
  assert.equal(await used(cache), bytes)
  return bytes
}

suite('an eviction that can be undone', () => {
  test('takes names at once and bytes later; undone, everything is as it was', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const image = hub.addImage('library/app', { tags: ['1', 'latest'], layers: [300_000, 700_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    clock.advance(DAY)
    await cache.fetch(manifestPath('latest'))
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    const shown = await select(cache, 'app:1')
    assert.deepEqual(shown.alsoTags, ['docker.io/library/app:latest'])
    assert.deepEqual([shown.count, shown.gone, shown.notFound], [1, [], []])
    const before = await assertCounted(cache)
    const names = nameRows(cache.dataDir)
    clock.advance(SECOND)

    const { id, left, undoUntil, bytes, who } = await api.post('/evict', {
      previewId: shown.previewId,
      mode: 'undo',
    })
    assert.deepEqual([left, bytes, who], [[], shown.frees, 'local'])
    assert.equal(undoUntil, clock() + 10 * MINUTE)
    assert.deepEqual(nameRows(cache.dataDir), [])
    assert.equal((await api.get('/lookup', { name: 'app:1' })).cached, 'no')
    assert.equal((await api.get('/images', {})).total, 0)
    assert.equal(await assertCounted(cache), before)

    clock.advance(9 * MINUTE)
    await cache.restart()
    assert.deepEqual(await apiOf(cache).post('/undo', { id }), { images: 1, files: 0, bytes: shown.frees })
    assert.deepEqual(nameRows(cache.dataDir), names)
    assert.equal(await assertCounted(cache), before)
    await hub.stop()
    for (const blob of image.layers)
      assert.equal((await cache.fetch(blobPath(blob.digest))).headers['x-cache'], 'hit')
    assert.deepEqual((await apiOf(cache).get('/evictions', {})).items, [])
    await assert.rejects(apiOf(cache).post('/undo', { id }), /no eviction/)
  })

  test('goes by itself when its time is over, as much as was shown', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [300_000, 700_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const before = await du(cache.dataDir)
    const { id, bytes } = await evict(cache, ['app:1'])
    clock.advance(10 * MINUTE)
    await assert.rejects(apiOf(cache).post('/undo', { id }), /no eviction/)
    await eventually('it is freed', async () => (await du(cache.dataDir)) === before - bytes)
    await eventually('and counted', async () => (await used(cache)) === before - bytes)
    const { items } = await apiOf(cache).get('/evictions', {})
    assert.deepEqual(
      items.map((one) => [one.id, one.names, one.undoUntil]),
      [[id, ['docker.io/library/app:1'], undefined]],
    )
    await assertStoreSound(cache.dataDir)
  })

  test('that is pulled again meanwhile takes its bytes back, and what is newer stays', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const old = hub.addImage('library/app', { tags: ['1'], layers: [300_000] })
    await pullImage(cache, old, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const first = await evict(cache, ['app:1'])
    hub.requests.clear()
    await pullImage(cache, old, { repo: 'library/app', tag: '1' })
    for (const { digest } of old.layers) assert.equal(upstreamBytes(hub, digest), 0)
    clock.advance(SECOND)
    const again = await evict(cache, ['app:1'])
    const young = hub.addImage('library/app', { tags: ['1'], layers: [200_000] })
    await pullImage(cache, young, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    await api.post('/undo', { id: again.id })
    const { items } = await api.get('/images', {})
    assert.deepEqual(
      items.map(({ digest, tags, replacedAt }) => [digest, tags, replacedAt]),
      [
        [young.manifest.digest, ['1'], undefined],
        [old.manifest.digest, [], clock()],
      ],
    )
    await api.post('/undo', { id: first.id })
    assert.equal((await api.get('/images', {})).total, 2)
    await assertCounted(cache)
  })

  test('shares layers with others: each can be undone whatever becomes of the rest', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const base = buildLayer(500_000)
    const images = ['a', 'b', 'c'].map((name) => {
      const image = hub.addImage(`library/${name}`, { tags: ['1'], layers: [base, 100_000] })
      return { name, image }
    })
    for (const { name, image } of images) await pullImage(cache, image, { repo: `library/${name}`, tag: '1' })
    await assertNoParts(cache.dataDir)
    const before = await assertCounted(cache)
    const evictions = []
    for (const { name } of images) {
      evictions.push(await evict(cache, [`${name}:1`]))
      clock.advance(MINUTE)
    }
    const [a, b, c] = evictions
    assert.ok(a && b && c)
    assert.ok(c.bytes > a.bytes + 490_000, 'the last one frees what they share')
    const api = apiOf(cache)
    const { bytes } = await api.post('/evictions/free', { id: c.id })
    assert.equal(bytes, a.bytes, 'the others can still be undone')
    assert.equal(await assertCounted(cache), before - bytes)
    await api.post('/undo', { id: a.id })
    const freed = await api.post('/evictions/free', {})
    assert.equal(freed.bytes, b.bytes)
    const [left] = (await api.get('/images', {})).items
    assert.deepEqual([left?.name, left?.state], ['docker.io/library/a:1', 'complete'])
    assert.equal((await evict(cache, ['a:1'], 'now')).bytes, await du(cache.dataDir).then(() => c.bytes))
    assert.equal(await assertCounted(cache), 0)
  })

  test('keeps what it shares when another image goes for good', async (t) => {
    const { hub, cache } = await startPair(t)
    const base = buildLayer(500_000)
    const one = hub.addImage('library/one', { tags: ['1'], layers: [base] })
    const two = hub.addImage('library/two', { tags: ['1'], layers: [base] })
    await pullImage(cache, one, { repo: 'library/one', tag: '1' })
    await pullImage(cache, two, { repo: 'library/two', tag: '1' })
    await assertNoParts(cache.dataDir)
    const { id } = await evict(cache, ['one:1'])
    await evict(cache, ['two:1'], 'now')
    await apiOf(cache).post('/undo', { id })
    assert.equal((await apiOf(cache).get('/lookup', { name: 'one:1' })).cached, 'complete')
    await assertCounted(cache)
  })
})

suite('what waits for undo', () => {
  test('makes room first, before anything that has a name', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '8MiB', evict_to: '7MiB' } },
    })
    const old = hub.addImage('library/old', { tags: ['1'], layers: [2 * MIB] })
    await pullImage(cache, old, { repo: 'library/old', tag: '1' })
    clock.advance(MINUTE)
    const young = hub.addImage('library/young', { tags: ['1'], layers: [4 * MIB] })
    await pullImage(cache, young, { repo: 'library/young', tag: '1' })
    await assertNoParts(cache.dataDir)
    const { id } = await evict(cache, ['young:1'])
    const more = hub.addImage('library/more', { tags: ['1'], layers: [3 * MIB] })
    await pullImage(cache, more, { repo: 'library/more', tag: '1' })
    await assertNoParts(cache.dataDir)
    assert.ok((await assertCounted(cache)) <= 8 * MIB)
    assert.ok(blobRows(cache.dataDir).has(old.manifest.digest), 'the colder one stays')
    assert.equal(blobRows(cache.dataDir).has(young.manifest.digest), false)
    await assert.rejects(apiOf(cache).post('/undo', { id }), /no eviction/)
  })

  test('goes first in a clean-up that needs room, else stays; a dry run says the same', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { jobs: { expire_unused: '30d' } } })
    const evicted = []
    for (const name of ['a', 'b', 'c']) {
      const image = hub.addImage(`library/${name}`, { tags: ['1'], layers: [MIB] })
      await pullImage(cache, image, { repo: `library/${name}`, tag: '1' })
    }
    await assertNoParts(cache.dataDir)
    clock.advance(40 * DAY)
    for (const name of ['a', 'b']) {
      evicted.push(await evict(cache, [`${name}:1`]))
      clock.advance(MINUTE)
    }
    const rows = (await gc(cache, { dryRun: true })).rows.map(({ reason, objects }) => [reason, objects])
    assert.deepEqual(rows, [['unused', 3]], 'what nobody used for long waits as well')
    const dry = await gc(cache, { dryRun: true, free: MIB / 2, grace: 0 })
    assert.deepEqual(
      dry.rows.map(({ reason, objects, frees }) => [reason, objects, frees]),
      [
        ['evicted', 3, evicted[0]?.bytes],
        ['unused', 3, dry.rows[1]?.frees],
      ],
    )
    const done = await gc(cache, { free: MIB / 2, grace: 0 })
    assert.deepEqual([done.frees, done.objects], [dry.frees, dry.objects])
    assert.equal(await assertCounted(cache), done.after)
    await apiOf(cache).post('/undo', { id: evicted[1]?.id ?? '' })
    assert.equal((await apiOf(cache).get('/lookup', { name: 'b:1' })).cached, 'complete')
  })

  test('does not push an upstream over its own budget when it comes back', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    await cache.restart({
      upstreams: [{ name: 'docker.io', url: hub.url, default: true, max_size: '6MiB' }],
    })
    const old = hub.addImage('library/old', { tags: ['1'], layers: [4 * MIB] })
    await pullImage(cache, old, { repo: 'library/old', tag: '1' })
    await assertNoParts(cache.dataDir)
    const { id } = await evict(cache, ['old:1'])
    clock.advance(MINUTE)
    const young = hub.addImage('library/young', { tags: ['1'], layers: [4 * MIB] })
    await pullImage(cache, young, { repo: 'library/young', tag: '1' })
    await assertNoParts(cache.dataDir)
    await apiOf(cache).post('/undo', { id })
    const { disk } = await apiOf(cache).get('/stats', {})
    assert.ok((disk.upstreams[0]?.bytes ?? 0) <= 6 * MIB, `${disk.upstreams[0]?.bytes} bytes`)
    await assertCounted(cache)
  })
})

suite('what was shown', () => {
  test('is what goes: tags that moved, pins and readers since are left and named', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    for (const name of ['still', 'moved', 'pinned', 'read', 'gone']) {
      const image = hub.addImage(`library/${name}`, { tags: ['1'], layers: [16 * MIB] })
      await pullImage(cache, image, { repo: `library/${name}`, tag: '1' })
    }
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    const shown = await api.post('/selection', { names: ['**'], exclude: ['nothing'] })
    assert.equal(shown.count, 5)
    const next = hub.addImage('library/moved', { tags: ['1'], layers: [1000] })
    clock.advance(10 * MINUTE)
    const later = await api.post('/selection', { names: ['docker.io/**'] })
    await pullImage(cache, next, { repo: 'library/moved', tag: '1' })
    await api.put('/pins', { match: ['pinned:1'] })
    await evict(cache, ['gone:1'], 'now')
    const [read] = (await api.get('/images', { q: 'read' })).items
    const layers = (await api.get('/image', { name: read?.name ?? '' })).layers[read?.digest ?? ''] ?? []
    const layer = layers.find(({ role }) => role === 'layer')?.digest ?? ''
    const reader = await cache.open(blobPath(layer as `sha256:${string}`, 'library/read'))
    await assert.rejects(api.post('/evict', { previewId: shown.previewId, mode: 'undo' }), /too long ago/)
    const done = await api.post('/evict', { previewId: later.previewId, mode: 'undo' })
    reader.destroy()
    assert.deepEqual(done.names, ['docker.io/library/still:1'])
    assert.deepEqual(
      done.left.map(({ name, why }) => [name, why]).toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)),
      [
        ['docker.io/library/gone:1', 'gone'],
        ['docker.io/library/moved:1', 'changed'],
        ['docker.io/library/pinned:1', 'pinned'],
        ['docker.io/library/read:1', 'in_use'],
      ],
    )
    await assert.rejects(api.post('/evict', { previewId: later.previewId, mode: 'undo' }), /done already/)
  })

  test('leaves out what is excluded, finds plain names exactly, and frees what it said', async (t) => {
    const { hub, cache } = await startPair(t)
    const shared = buildLayer(400_000)
    for (const tag of ['1', '2', '3']) {
      const image = hub.addImage('library/app', { tags: [tag, `${tag}-alias`], layers: [shared, 50_000] })
      await pullImage(cache, image, { repo: 'library/app', tag })
      await cache.fetch(manifestPath(`${tag}-alias`))
    }
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    const whole = await select(cache, 'app')
    assert.deepEqual([whole.count, whole.alsoTags], [3, []])
    const two = await api.post('/selection', { names: ['app'], exclude: ['app:2-alias'] })
    assert.deepEqual(
      two.images.map(({ name }) => name),
      ['docker.io/library/app:1', 'docker.io/library/app:3'],
    )
    assert.ok(two.sharedKept >= 400_000)
    assert.deepEqual((await select(cache, 'app:9', 'app:1')).notFound, ['app:9'])
    const before = await du(cache.dataDir)
    const done = await api.post('/evict', { previewId: two.previewId, mode: 'now' })
    assert.deepEqual([done.bytes, done.undoUntil, done.left], [two.frees, undefined, []])
    assert.equal(await assertCounted(cache), before - two.frees)
    await assert.rejects(api.post('/undo', { id: done.id }), /no eviction/)
    await assert.rejects(api.post('/selection', { names: [] }), /names, or a filter/)
    await assert.rejects(api.post('/evictions/free', { id: 'never' }), /no eviction/)
  })
})
