import assert from 'node:assert/strict'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import type { GcReason } from '../../src/api/contract-work.ts'
import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  blobFile,
  blobPath,
  blobRows,
  eventually,
  KIB,
  MIB,
  manifestPath,
  pull,
} from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { apiOf, du, gc, pullImage, verify } from './support.ts'

/** What a dry run says comes true: its numbers are those of the run, and what leaves the disk. */
async function assertForetold(
  cache: Parameters<typeof gc>[0],
  goal: Parameters<typeof gc>[1],
  reasons: readonly GcReason[],
): Promise<number> {
  await eventually(
    'nothing is landing',
    async () => (await apiOf(cache).get('/stats', {})).disk.reserved === 0,
  )
  const before = await du(cache.dataDir)
  const plan = await gc(cache, { ...goal, dryRun: true })
  assert.equal(await du(cache.dataDir), before, 'a dry run changes nothing')
  assert.deepEqual(
    plan.rows.map(({ reason }) => reason),
    reasons,
  )
  const done = await gc(cache, goal)
  assert.equal(done.frees, plan.frees)
  assert.equal(done.objects, plan.objects)
  assert.deepEqual(done.rows, plan.rows)
  assert.equal(before - (await du(cache.dataDir)), plan.frees)
  assert.equal(done.before, before)
  assert.equal(done.after, await du(cache.dataDir))
  return plan.frees
}

suite('a clean-up frees what it foretold', () => {
  test('of content that nobody used for long', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { jobs: { expire_unused: '90d' } } })
    const old = hub.addImage('library/old', { tags: ['1'], layers: [300_000, 5000] })
    const young = hub.addImage('library/young', { tags: ['1'], layers: [200_000] })
    await pullImage(cache, old, { repo: 'library/old', tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(91 * DAY)
    await pullImage(cache, young, { repo: 'library/young', tag: '1' })
    await assertNoParts(cache.dataDir)
    assert.ok((await assertForetold(cache, {}, ['unused'])) > 300_000)
    hub.requests.clear()
    await pullImage(cache, young, { repo: 'library/young', tag: '1' })
    assert.equal(hub.requests.count({ method: 'GET' }), 0)
    await assertStoreSound(cache.dataDir)
  })

  test('of manifests that lost their tag and that nobody asked for since; not of what somebody did', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const first = hub.addImage('library/app', { tags: ['1'], layers: [300_000] })
    const second = hub.addImage('library/app', { tags: ['2'], layers: [100_000] })
    await pullImage(cache, first, { repo: 'library/app', tag: '1' })
    await pullImage(cache, second, { repo: 'library/app', tag: '2' })
    clock.advance(HOUR)
    const third = hub.addImage('library/app', { tags: ['1', '2'], layers: [50_000] })
    await pullImage(cache, third, { repo: 'library/app', tag: '1' })
    await pullImage(cache, third, { repo: 'library/app', tag: '2' })
    clock.advance(HOUR)
    await cache.fetch(manifestPath(second.manifest.digest))
    clock.advance(6 * DAY)
    assert.deepEqual((await gc(cache, { dryRun: true })).rows, [])
    clock.advance(2 * DAY)
    await assertForetold(cache, {}, ['replaced'])
    const rows = blobRows(cache.dataDir)
    assert.equal(rows.has(first.manifest.digest), false)
    assert.ok(rows.has(second.manifest.digest) && rows.has(third.manifest.digest))
    await assertStoreSound(cache.dataDir)
  })

  test('down to evict_to, or as far as it is told; what was just used stays', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '20MiB', evict_to: '10MiB' } },
    })
    const blobs = []
    for (let i = 0; i < 8; i++) {
      blobs.push(await pullNew())
      await assertNoParts(cache.dataDir)
      clock.advance(MINUTE)
    }
    clock.advance(HOUR)
    blobs.push(await pullNew())
    await assertNoParts(cache.dataDir)
    await assertForetold(cache, {}, ['coldest'])
    assert.equal(await du(cache.dataDir), 10 * MIB)
    await assertForetold(cache, { free: 3 * MIB }, ['coldest'])
    assert.equal(await du(cache.dataDir), 6 * MIB)
    const report = await gc(cache, { to: 0 })
    assert.equal(report.reached, false)
    assert.equal(report.kept.young, 1)
    assert.deepEqual([...blobRows(cache.dataDir).keys()], [blobs.at(-1)?.digest])
    await assertForetold(cache, { to: 0, grace: 0 }, ['coldest'])
    assert.equal(await du(cache.dataDir), 0)

    async function pullNew() {
      const blob = addBlob(hub, 2 * MIB)
      await pull(cache, blob)
      return blob
    }
  })

  test('of idle content alone, when that is what was asked for', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '20MiB', evict_to: '1MiB' } },
    })
    const [old, young] = [addBlob(hub, MIB), addBlob(hub, MIB)]
    await pull(cache, old)
    await assertNoParts(cache.dataDir)
    clock.advance(31 * DAY)
    await pull(cache, young)
    await assertNoParts(cache.dataDir)
    await assertForetold(cache, { idle: 30 * DAY }, ['unused'])
    assert.deepEqual([...blobRows(cache.dataDir).keys()], [young.digest])
  })

  test('of files without rows, parts nobody continued, and rows without files', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, MIB)
    const lost = addBlob(hub, MIB)
    await pull(cache, blob)
    await pull(cache, lost)
    await assertNoParts(cache.dataDir)
    const stray = blobFile(cache.dataDir, `sha256:${'7'.repeat(64)}`)
    await mkdir(dirname(stray), { recursive: true })
    await writeFile(stray, Buffer.alloc(5000))
    await writeFile(join(dirname(stray), 'notes.txt'), 'what is this?')
    const part = join(cache.dataDir, 'parts', `sha256-${'a'.repeat(64)}`)
    await writeFile(part, Buffer.alloc(9000))
    const longAgo = (Date.now() - 2 * DAY) / 1000
    await utimes(part, longAgo, longAgo)
    await cache.restart()
    await rm(blobFile(cache.dataDir, lost.digest))
    const freed = await assertForetold(cache, {}, ['stray', 'missing', 'parts'])
    assert.equal(freed, (8 + 4 + 12) * KIB)
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
    assert.equal((await pull(cache, lost)).headers['x-cache'], 'miss')
    await assertStoreSound(cache.dataDir)
  })

  test('of lists and pointers that are too old to be of use', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock, config: { cache: { stale_if_error: '1d' } } })
    const image = hub.addImage('library/app', { tags: ['1', '2'], layers: [1000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await cache.fetch('/v2/library/app/tags/list')
    await cache.fetch(manifestPath('2'), { method: 'HEAD' })
    clock.advance(2 * DAY)
    const freed = await assertForetold(cache, {}, ['expired'])
    assert.equal(freed, 4 * KIB)
    // A tag with content is of use as soon as its upstream confirms it.
    hub.requests.clear()
    assert.equal((await cache.fetch(manifestPath('1'))).headers['x-cache'], 'revalidated')
    assert.equal(hub.requests.count({ method: 'GET' }), 0)
  })

  test('of damaged files that were kept aside', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 3 * MIB)
    await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    await writeFile(blobFile(cache.dataDir, blob.digest), Buffer.alloc(3 * MIB, 1))
    const report = await verify(cache)
    assert.deepEqual(
      report.problems.map(({ problem }) => problem),
      ['damaged'],
    )
    assert.equal(await du(cache.dataDir), 3 * MIB, 'it is still there for whoever wants to know')
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'miss')
    assert.deepEqual((await gc(cache, { dryRun: true })).rows, [])
  })
})

test('what goes for other reasons counts for the budget of its upstream', async (t) => {
  const clock = fakeClock()
  const hub = await startFakeUpstream()
  t.after(() => hub.close())
  const cache = await startCachalot(t, {
    clock,
    config: { jobs: { expire_unused: '30d' } },
    upstreams: [{ name: 'docker.io', url: hub.url, max_size: '20MiB' }],
  })
  for (let i = 0; i < 5; i++) await pull(cache, addBlob(hub, 2 * MIB))
  await assertNoParts(cache.dataDir)
  clock.advance(40 * DAY)
  for (let i = 0; i < 5; i++) await pull(cache, addBlob(hub, 2 * MIB))
  await assertNoParts(cache.dataDir)
  clock.advance(HOUR)
  assert.equal(await assertForetold(cache, {}, ['unused']), 10 * MIB)
})

test('upstreams keep unused content for as long as each of them says; shared content as long as the last', async (t) => {
  const clock = fakeClock()
  const [hub, other] = [await startFakeUpstream(), await startFakeUpstream()]
  t.after(async () => void (await Promise.all([hub.close(), other.close()])))
  const cache = await startCachalot(t, {
    clock,
    config: { jobs: { expire_unused: '30d' } },
    upstreams: [
      { name: 'docker.io', url: hub.url },
      { name: 'ghcr.io', url: other.url, expire_unused: '5d' },
      { name: 'quay.io', url: other.url, expire_unused: '0' },
    ],
  })
  const [mine, theirs, shared, kept] = [
    addBlob(hub, MIB),
    addBlob(other, MIB),
    addBlob(hub, MIB),
    addBlob(other, MIB),
  ]
  other.putBlob('library/app', shared.digest, shared.content)
  await pull(cache, mine)
  await pull(cache, theirs, 'ghcr.io/library/app')
  await pull(cache, shared)
  await assertNoParts(cache.dataDir)
  await pull(cache, shared, 'ghcr.io/library/app')
  await pull(cache, kept, 'quay.io/library/app')
  await assertNoParts(cache.dataDir)
  clock.advance(10 * DAY)
  await assertForetold(cache, {}, ['unused'])
  assert.deepEqual(
    sorted(blobRows(cache.dataDir).keys()),
    sorted([mine, shared, kept].map(({ digest }) => digest)),
  )
  clock.advance(30 * DAY)
  await assertForetold(cache, {}, ['unused'])
  assert.deepEqual([...blobRows(cache.dataDir).keys()], [kept.digest])
})

function sorted(digests: Iterable<string>): string[] {
  return [...digests].toSorted((a, b) => a.localeCompare(b))
}

suite('a clean-up leaves alone', () => {
  test('what is pinned', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { jobs: { expire_unused: '1d' }, pin: [{ match: 'docker.io/library/kept' }] },
    })
    const kept = hub.addImage('library/kept', { tags: ['1'], layers: [100_000] })
    const other = hub.addImage('library/other', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, kept, { repo: 'library/kept', tag: '1' })
    await pullImage(cache, other, { repo: 'library/other', tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(2 * DAY)
    await assertForetold(cache, { to: 0, grace: 0 }, ['unused'])
    const rows = [...blobRows(cache.dataDir).keys()].toSorted()
    const expected = [kept.manifest, kept.config, ...kept.layers].map(({ digest }) => digest)
    assert.deepEqual(rows, expected.toSorted())
  })

  test('what is being read', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const [read, other] = [addBlob(hub, 24 * MIB), addBlob(hub, MIB)]
    await pull(cache, read)
    await pull(cache, other)
    await assertNoParts(cache.dataDir)
    clock.advance(HOUR)
    const reader = await cache.open(blobPath(read.digest))
    await reader.read(1000)
    const report = await gc(cache, { to: 0, grace: 0 })
    assert.equal(report.kept.inUse, 1)
    assert.deepEqual([...blobRows(cache.dataDir).keys()], [read.digest])
    assert.equal((await reader.rest()).digest, read.digest)
  })

  test('an image that is used again between plan and run', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, { clock })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [100_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    clock.advance(40 * DAY)
    assert.equal((await gc(cache, { idle: 30 * DAY, dryRun: true })).objects, 3)
    // A client that has everything asks with HEAD only, and that is a use of all of it.
    await cache.fetch(manifestPath('1'), { method: 'HEAD' })
    assert.deepEqual((await gc(cache, { idle: 30 * DAY })).rows, [])
  })
})
