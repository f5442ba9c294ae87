import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MINUTE } from '../../src/domain/clock.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  blobRows,
  eventually,
  KIB,
  MIB,
  pull,
} from '../e2e/support.ts'
import { startCachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import type { Cleanup } from '../support/temp.ts'
import { apiOf, du, gc, pullImage, remove } from './support.ts'

/** Watches the disk while something happens; gives the most it ever saw. */
async function mostOnDisk(dataDir: string, work: () => Promise<void>): Promise<number> {
  let most = 0
  const done = new AbortController()
  const watching = (async () => {
    while (!done.signal.aborted) {
      most = Math.max(most, await du(dataDir))
      await sleep(5)
    }
  })()
  await work()
  done.abort()
  await watching
  return most
}

suite('max_size', () => {
  test('is never passed on disk, whatever is pulled at once, parts included', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: { storage: { max_size: '24MiB', evict_to: '16MiB' } },
    })
    const blobs = Array.from({ length: 40 }, (_, i) => addBlob(hub, (i % 7) * MIB + 300 * KIB))
    const most = await mostOnDisk(cache.dataDir, async () => {
      for (let at = 0; at < blobs.length; at += 5)
        await Promise.all(blobs.slice(at, at + 5).map((blob) => pull(cache, blob)))
    })
    assert.ok(most <= 24 * MIB, `${most} bytes`)
    assert.ok(most > 8 * MIB, 'it was used')
    await assertStoreSound(cache.dataDir)
  })

  test('that is lowered while it runs is met soon, and pulls go on', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '64MiB' } } })
    const blobs = Array.from({ length: 20 }, () => addBlob(hub, 2 * MIB))
    for (const blob of blobs) await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    await cache.reload({ config: { storage: { max_size: '10MiB' } } })
    const [last] = blobs.slice(-1)
    if (last !== undefined) assert.equal((await pull(cache, last)).status, 200)
    while ((await du(cache.dataDir)) > 10 * MIB) await sleep(10)
    await assertStoreSound(cache.dataDir)
  })

  test('that was lowered while it did not run is met after the start', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '64MiB' } } })
    for (let i = 0; i < 10; i++) await pull(cache, addBlob(hub, 2 * MIB))
    await assertNoParts(cache.dataDir)
    await cache.restart({ config: { storage: { max_size: '8MiB' } } })
    await eventually('less is there', async () => (await du(cache.dataDir)) <= 8 * MIB)
  })

  test('is not wiped for content that cannot fit beside what is under way', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '20MiB' } } })
    const kept = Array.from({ length: 5 }, () => addBlob(hub, 500 * KIB))
    for (const blob of kept) await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    const slow = addBlob(hub, 12 * MIB)
    hub.faults.add({ when: { ref: slow.digest }, fault: { drip: { bytesPerSecond: 4 * MIB } } })
    const reader = await cache.open(`/v2/library/app/blobs/${slow.digest}`)
    await reader.read(1000)
    const second = addBlob(hub, 12 * MIB)
    assert.equal((await pull(cache, second)).headers['x-cache'], 'bypass')
    for (const blob of kept) assert.ok(blobRows(cache.dataDir).has(blob.digest))
    assert.equal((await reader.rest()).digest, slow.digest)
  })
})

/** Two upstreams; the second one has a budget of its own. */
async function startTwo(t: Cleanup, budget: string) {
  const clock = fakeClock()
  const [hub, other] = [await startFakeUpstream(), await startFakeUpstream()]
  t.after(async () => void (await Promise.all([hub.close(), other.close()])))
  const cache = await startCachalot(t, {
    clock,
    config: { storage: { max_size: '100MiB' } },
    upstreams: [
      { name: 'docker.io', url: hub.url },
      { name: 'ghcr.io', url: other.url, max_size: budget },
    ],
  })
  return { clock, hub, other, cache }
}

suite('the budget of an upstream', () => {
  test('is kept by evicting among its own names', async (t) => {
    const { clock, hub, other, cache } = await startTwo(t, '8MiB')
    const mine = addBlob(hub, 2 * MIB)
    await pull(cache, mine)
    const theirs = []
    for (let i = 0; i < 6; i++) {
      const blob = addBlob(other, 2 * MIB)
      clock.advance(MINUTE)
      await pull(cache, blob, 'ghcr.io/library/app')
      await assertNoParts(cache.dataDir)
      theirs.push(blob)
    }
    const rows = blobRows(cache.dataDir)
    assert.ok(rows.has(mine.digest), 'colder, but of another upstream')
    assert.ok(rows.size <= 5)
    assert.ok(rows.has(theirs[5]?.digest ?? mine.digest))
    const { disk } = await apiOf(cache).get('/stats', {})
    const ghcr = disk.upstreams.find(({ upstream }) => upstream === 'ghcr.io')
    assert.ok((ghcr?.bytes ?? 0) <= 8 * MIB)
    assert.equal(ghcr?.budget, 8 * MIB)
    await assertStoreSound(cache.dataDir)
  })

  test('lets go of names alone where another upstream needs the content', async (t) => {
    const { clock, hub, other, cache } = await startTwo(t, '8MiB')
    const shared = addBlob(hub, 3 * MIB)
    other.putBlob('library/app', shared.digest, shared.content)
    await pull(cache, shared)
    await assertNoParts(cache.dataDir)
    await pull(cache, shared, 'ghcr.io/library/app')
    for (let i = 0; i < 3; i++) {
      clock.advance(MINUTE)
      await pull(cache, addBlob(other, 3 * MIB), 'ghcr.io/library/app')
      await assertNoParts(cache.dataDir)
    }
    assert.ok(blobRows(cache.dataDir).has(shared.digest))
    hub.requests.clear()
    other.requests.clear()
    assert.equal((await pull(cache, shared)).headers['x-cache'], 'hit')
    assert.equal(hub.requests.count(), 0)
    assert.equal((await pull(cache, shared, 'ghcr.io/library/app')).headers['x-cache'], 'revalidated')
    assert.equal(other.requests.count({ method: 'GET', ref: shared.digest }), 0)
  })

  test('that is smaller than a blob passes it through, and evicts nothing', async (t) => {
    const { other, cache } = await startTwo(t, '2MiB')
    const small = addBlob(other, MIB)
    await pull(cache, small, 'ghcr.io/library/app')
    await assertNoParts(cache.dataDir)
    const large = addBlob(other, 3 * MIB)
    assert.equal((await pull(cache, large, 'ghcr.io/library/app')).headers['x-cache'], 'bypass')
    assert.ok(blobRows(cache.dataDir).has(small.digest))
  })

  test('that is lowered is met soon, while it runs and over a restart', async (t) => {
    const { hub, other, cache } = await startTwo(t, '40MiB')
    for (let i = 0; i < 8; i++) {
      await pull(cache, addBlob(other, 2 * MIB), 'ghcr.io/library/app')
      await pull(cache, addBlob(hub, 2 * MIB))
    }
    await assertNoParts(cache.dataDir)
    const upstreams = (budget: string) => ({
      upstreams: [
        { name: 'docker.io', url: hub.url },
        { name: 'ghcr.io', url: other.url, max_size: budget },
      ],
    })
    const bytes = async (): Promise<number> => {
      const { disk } = await apiOf(cache).get('/stats', {})
      return disk.upstreams.find(({ upstream }) => upstream === 'ghcr.io')?.bytes ?? 0
    }
    await cache.reload(upstreams('10MiB'))
    await eventually('its own content went', async () => (await du(cache.dataDir)) === 24 * MIB)
    assert.equal(await bytes(), 8 * MIB)
    await cache.restart(upstreams('5MiB'))
    await eventually('more of it went', async () => (await du(cache.dataDir)) === 20 * MIB)
    assert.equal(await bytes(), 4 * MIB)
  })

  test('that names alone went past is met by a clean-up, which frees nothing then', async (t) => {
    const { clock, hub, other, cache } = await startTwo(t, '8MiB')
    for (let i = 0; i < 4; i++) {
      const shared = addBlob(hub, 3 * MIB)
      other.putBlob('library/app', shared.digest, shared.content)
      await pull(cache, shared)
      await assertNoParts(cache.dataDir)
      await pull(cache, shared, 'ghcr.io/library/app')
    }
    clock.advance(60 * MINUTE)
    const plan = await gc(cache, { dryRun: true })
    assert.deepEqual(
      plan.rows.map(({ reason, objects, frees }) => [reason, objects, frees]),
      [['upstream', 2, 0]],
    )
    const before = await du(cache.dataDir)
    assert.equal((await gc(cache)).frees, 0)
    assert.equal(await du(cache.dataDir), before)
    assert.deepEqual((await gc(cache, { dryRun: true })).rows, [])
  })

  test('has room again after images were removed', async (t) => {
    const { other, cache } = await startTwo(t, '8MiB')
    const image = other.addImage('library/app', { tags: ['1'], layers: [6 * MIB] })
    await pullImage(cache, image, { repo: 'ghcr.io/library/app', tag: '1' })
    await assertNoParts(cache.dataDir)
    await remove(cache, ['ghcr.io/library/app:1'])
    assert.equal(await du(cache.dataDir), 0)
    const blob = addBlob(other, 4 * MIB)
    assert.equal((await pull(cache, blob, 'ghcr.io/library/app')).headers['x-cache'], 'miss')
  })
})
