import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Pair, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import {
  addBlob,
  assertHonest,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobFiles,
  blobPath,
  blobRows,
  KIB,
  MIB,
  manifestPath,
  pull,
  upstreamBytes,
} from './support.ts'

const run = promisify(execFile)

/** A pair whose data folder is a volume of its own; undefined, and the test skipped, where that is not allowed. */
async function startOnDisk(
  t: TestContext,
  disk: string,
  options: Parameters<typeof startPair>[1] = {},
): Promise<Pair | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'cachalot-disk-'))
  try {
    await run('mount', ['-t', 'tmpfs', '-o', disk, 'tmpfs', folder])
  } catch {
    await rm(folder, { recursive: true })
    t.skip('needs root to mount a small disk')
    return undefined
  }
  const pair = await startPair(t, { ...options, dataDir: join(folder, 'data') })
  // Hooks run in this order: the volume goes after its user.
  t.after(async () => {
    await run('umount', ['-l', folder])
    await rm(folder, { recursive: true })
  })
  return pair
}

/**
 * Bytes of blobs and parts as the disk counts them, all at one moment: the cache runs in this process, and what it moves
 * between two looks would count twice.
 */
function onDisk(dataDir: string): number {
  let bytes = 0
  for (const folder of ['blobs', 'parts']) {
    const root = join(dataDir, folder)
    for (const name of existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : []) {
      const stats = statSync(join(root, name), { throwIfNoEntry: false })
      if (stats?.isFile() === true) bytes += stats.blocks * 512
    }
  }
  return bytes
}

suite('a full disk', () => {
  test('clients get whole blobs all the same, and one line a minute says why nothing is kept', async (t) => {
    const clock = fakeClock()
    const pair = await startOnDisk(t, 'size=16m', { clock })
    if (pair === undefined) return
    const { hub, cache } = pair
    const blobs = Array.from({ length: 6 }, () => addBlob(hub, 6 * MIB))
    for (const blob of blobs) {
      const answers = await Promise.all([1, 2, 3].map(() => cache.fetch(blobPath(blob.digest))))
      for (const answer of answers) assertWhole(answer, blob)
    }
    const lines = cache.log.find(/passed through and not kept/)
    assert.equal(lines.length, 1)
    clock.advance(61_000)
    for (const blob of blobs) await pull(cache, blob)
    assert.equal(cache.log.find(/passed through and not kept/).length, 2)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    assertWhole(await cache.fetch(manifestPath('1')), manifest)
    await assertStoreSound(cache.dataDir)
    await assertNoParts(cache.dataDir)
    const stored = await blobFiles(cache.dataDir)
    assert.ok(stored.length >= 2, 'what fitted is kept')
    await hub.stop()
    for (const { digest, size } of stored) {
      if (size === 6 * MIB) assertWhole(await cache.fetch(blobPath(digest)), { digest, size })
    }
  })

  test('to the last byte, index and all: everything is still served, and kept again once there is room', async (t) => {
    const pair = await startOnDisk(t, 'size=8m')
    if (pair === undefined) return
    const { hub, cache } = pair
    const warm = addBlob(hub, 100_000)
    await pull(cache, warm)
    await assertNoParts(cache.dataDir)
    const filler = join(cache.dataDir, 'filler')
    await writeFile(filler, Buffer.alloc(8 * MIB)).catch(() => undefined)
    const { manifest } = hub.addImage('library/app', { tags: ['1'] })
    const cold = addBlob(hub, 700_000)
    for (let i = 0; i < 2; i++) {
      assertWhole(await cache.fetch(manifestPath('1')), manifest)
      assertWhole(await cache.fetch(manifestPath('1'), { method: 'GET' }), manifest)
      await pull(cache, cold)
      await pull(cache, warm)
      assert.equal((await cache.fetch(blobPath(cold.digest), { method: 'HEAD' })).status, 200)
    }
    const ranged = await cache.fetch(blobPath(cold.digest), { headers: { range: 'bytes=1000-1999' } })
    assert.equal(ranged.status, 206)
    assert.equal(ranged.body.length, 1000)
    assert.equal(ranged.complete, true)
    await rm(filler)
    await pull(cache, cold)
    await assertStoreSound(cache.dataDir)
    assert.ok(blobRows(cache.dataDir).has(cold.digest))
    await assertNoParts(cache.dataDir)
  })

  test('that is full of files', async (t) => {
    const pair = await startOnDisk(t, 'size=64m,nr_inodes=60')
    if (pair === undefined) return
    const { hub, cache } = pair
    for (let i = 0; i < 40; i++) await pull(cache, addBlob(hub, 20_000))
    await assertStoreSound(cache.dataDir)
    await assertNoParts(cache.dataDir)
  })
})

suite('min_free', () => {
  test('is kept by evicting what was used least recently', async (t) => {
    const pair = await startOnDisk(t, 'size=32m', { config: { storage: { min_free: '24MiB' } } })
    if (pair === undefined) return
    const { hub, cache } = pair
    const [first, second] = [addBlob(hub, 5 * MIB), addBlob(hub, 5 * MIB)]
    assert.equal((await pull(cache, first)).headers['x-cache'], 'miss')
    assert.equal((await pull(cache, second)).headers['x-cache'], 'miss')
    await assertStoreSound(cache.dataDir)
    assert.ok(onDisk(cache.dataDir) < 8 * MIB)
    assert.equal((await pull(cache, second)).headers['x-cache'], 'hit')
    assert.equal((await pull(cache, first)).headers['x-cache'], 'miss')
  })

  test('that somebody else used up keeps nothing new, and evicts nothing', async (t) => {
    const pair = await startOnDisk(t, 'size=32m', { config: { storage: { min_free: '8MiB' } } })
    if (pair === undefined) return
    const { hub, cache } = pair
    const [first, second] = [addBlob(hub, 5 * MIB), addBlob(hub, 5 * MIB)]
    assert.equal((await pull(cache, first)).headers['x-cache'], 'miss')
    await writeFile(join(cache.dataDir, 'somebody-else'), Buffer.alloc(20 * MIB))
    assert.equal((await pull(cache, second)).headers['x-cache'], 'bypass')
    assert.equal((await pull(cache, first)).headers['x-cache'], 'hit')
    await assertStoreSound(cache.dataDir)
  })
})

suite('max_size', () => {
  test('a blob larger than it is passed through, and nothing leaves for it', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '4MiB' } } })
    const small = Array.from({ length: 3 }, () => addBlob(hub, MIB))
    for (const blob of small) await pull(cache, blob)
    const large = addBlob(hub, 5 * MIB)
    for (let i = 0; i < 2; i++) {
      assert.equal((await pull(cache, large)).headers['x-cache'], 'bypass')
    }
    await assertStoreSound(cache.dataDir)
    hub.requests.clear()
    for (const blob of small) assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
    assert.equal(hub.requests.count(), 0)
    assert.deepEqual(cache.log.find('error'), [])
  })

  for (const [name, fault, isWhole] of [
    ['reset', { resetAfter: 700_000 }, true],
    ['truncated', { truncateAfter: 1 }, true],
    ['without a length', { contentLength: 'omit' }, true],
    ['one byte wrong', { corruptAt: 900_000 }, false],
    ['the last byte wrong', { corruptAt: -1 }, false],
    ['wrong and without a length', { corruptAt: 5, contentLength: 'omit' }, false],
    ['an empty body', { swapBody: Buffer.alloc(0) }, false],
    ['too short', { contentLength: 1000 }, false],
  ] as const) {
    test(`what is passed through is as right as what is kept: ${name}`, async (t) => {
      const { hub, cache } = await startPair(t, { config: { storage: { max_size: '900KiB' } } })
      const blob = addBlob(hub, MIB)
      hub.faults.add({ when: { kind: 'blob' }, times: 1, fault })
      const answers = await Promise.all([1, 2].map(() => cache.fetch(blobPath(blob.digest))))
      const outcomes = answers.map((answer) => assertHonest(answer, blob))
      if (isWhole) assert.deepEqual(outcomes, ['whole', 'whole'])
      else assert.ok(outcomes.includes('broken'))
      const range = { headers: { range: `bytes=${MIB - 10}-` } }
      assert.equal((await cache.fetch(blobPath(blob.digest), range)).body.length, 10)
      assert.equal((await pull(cache, blob)).headers['x-cache'], 'bypass')
      await assertNoParts(cache.dataDir)
    })
  }

  test('is kept at every moment, by evicting what was used longest ago', async (t) => {
    const clock = fakeClock()
    const max = 8 * MIB
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: String(max), evict_to: '75%' } },
    })
    const blobs = Array.from({ length: 24 }, (_, i) => addBlob(hub, 600 * KIB + i * 11 * KIB))
    const favourite = blobs[0]
    assert.ok(favourite)
    let most = 0
    const sampling = new AbortController()
    const sampled = (async () => {
      while (!sampling.signal.aborted) {
        most = Math.max(most, onDisk(cache.dataDir))
        await sleep(2)
      }
    })()
    for (let i = 0; i < blobs.length; i += 2) {
      clock.advance(1000)
      await Promise.all(blobs.slice(i, i + 2).map((blob) => pull(cache, blob)))
      clock.advance(1000)
      await pull(cache, favourite)
    }
    sampling.abort()
    await sampled
    assert.ok(most <= max, `${most} bytes of ${max}`)
    assert.ok(most > 4 * MIB, 'it is used')
    await assertStoreSound(cache.dataDir)
    const stored = new Set(blobRows(cache.dataDir).keys())
    assert.ok(stored.has(favourite.digest), 'what is used stays')
    assert.ok(stored.has(blobs.at(-1)?.digest ?? favourite.digest))
    assert.equal(stored.has(blobs[2]?.digest ?? favourite.digest), false)
    assert.equal(upstreamBytes(hub, favourite.digest), favourite.size)
  })

  test('the layers of a manifest that is pulled again and again stay, though nobody asks for them', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '6MiB', evict_to: '5MiB' } },
    })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [MIB] })
    await cache.fetch(manifestPath('1'))
    for (const blob of [image.config, ...image.layers])
      assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
    for (let i = 0; i < 10; i++) {
      clock.advance(1000)
      await pull(cache, addBlob(hub, MIB))
      clock.advance(1000)
      await cache.fetch(manifestPath(image.manifest.digest))
    }
    await assertStoreSound(cache.dataDir)
    for (const blob of [image.config, ...image.layers]) assert.ok(blobRows(cache.dataDir).has(blob.digest))
  })

  test('a blob that is being read stays, and goes when its turn comes afterwards', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: { storage: { max_size: '24MiB', evict_to: '20MiB' } },
    })
    const blob = addBlob(hub, 16 * MIB)
    await pull(cache, blob)
    await assertStoreSound(cache.dataDir)
    const reader = await cache.open(blobPath(blob.digest))
    await reader.read(1000)
    for (let i = 0; i < 3; i++) await pull(cache, addBlob(hub, 6 * MIB))
    assert.equal(blobRows(cache.dataDir).has(blob.digest), true)
    const { complete, digest } = await reader.rest()
    assert.equal(complete, true)
    assert.equal(digest, blob.digest)
    for (let i = 0; i < 3; i++) await pull(cache, addBlob(hub, 6 * MIB))
    assert.equal(blobRows(cache.dataDir).has(blob.digest), false)
  })

  test('parts that nobody continues make room before pulls are passed through', async (t) => {
    const { hub, cache } = await startPair(t, { config: { storage: { max_size: '8MiB' } } })
    const blob = addBlob(hub, MIB)
    await cache.close()
    await mkdir(join(cache.dataDir, 'parts'), { recursive: true })
    for (const digit of ['a', 'b', 'c']) {
      await writeFile(join(cache.dataDir, 'parts', `sha256-${digit.repeat(64)}`), Buffer.alloc(2.6 * MIB))
    }
    await cache.restart()
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'miss')
    await assertStoreSound(cache.dataDir)
    assert.ok(onDisk(cache.dataDir) <= 8 * MIB)
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
  })
})
