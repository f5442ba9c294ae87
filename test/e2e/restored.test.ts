import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BackupReport, backUp } from '../../src/backup/backup.ts'
import { placeOf } from '../../src/backup/folder.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/domain/clock.ts'
import { apiOf, du } from '../jobs/support.ts'
import { type Cachalot, type Pair, startCachalot, startPair } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'
import {
  assertStoreSound,
  assertWhole,
  blobFile,
  blobPath,
  eventually,
  KIB,
  manifestPath,
} from './support.ts'

interface Filled extends Pair {
  readonly images: readonly BuiltImage[]
}

/** A cache in use. */
async function startFilled(t: TestContext): Promise<Filled> {
  const pair = await startPair(t)
  const images = addImages(pair, 'old', 8)
  await pullAll(pair.cache, 'old', images)
  return { ...pair, images }
}

function addImages({ hub }: Pair, name: string, count: number): BuiltImage[] {
  return Array.from({ length: count }, (_, i) =>
    hub.addImage('library/app', { tags: [`${name}${i}`], layers: [2 * KIB, 700 * KIB] }),
  )
}

async function pullAll(cache: Cachalot, name: string, images: readonly BuiltImage[]): Promise<void> {
  for (const [i, image] of images.entries()) {
    assertWhole(await cache.fetch(manifestPath(`${name}${i}`)), image.manifest)
    for (const blob of [image.config, ...image.layers])
      assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  }
}

interface Backup {
  readonly withContent: boolean
  readonly signal?: AbortSignal
  /** Called before each blob. */
  readonly meanwhile?: (done: number) => Promise<void>
}

async function backUpTo(folder: string, { dataDir }: Cachalot, ask: Backup): Promise<BackupReport> {
  const { withContent, meanwhile, signal = new AbortController().signal } = ask
  const loaded = loadConfig({
    file: 'config.toml',
    mustExist: false,
    env: { CACHALOT_STORAGE__PATH: dataDir },
  })
  const to = { kind: 'folder', path: folder } as const
  for await (const step of backUp({ loaded, to, withContent, withKeys: false, clock: systemClock, signal })) {
    if (step.type === 'result') {
      // No content, and du would count them.
      for (const name of ['backup.json', 'config'])
        rmSync(join(folder, name), { recursive: true, force: true })
      return step.result
    }
    await meanwhile?.(step.done)
  }
  return assert.fail('it ended without a result')
}

/** A server on what was restored, over the same upstream. */
function startOn(t: TestContext, { hub }: Pair, dataDir: string): Promise<Cachalot> {
  return startCachalot(t, { hub, dataDir })
}

void test('a backup with content, made under load, serves everything without its upstream', async (t) => {
  const filled = await startFilled(t)
  const { hub, cache, images } = filled
  const folder = join(await tempDir(t), 'data')
  const newer = addImages(filled, 'new', 8)
  const load = pullAll(cache, 'new', newer)
  const lost = images[0]?.layers[1]
  assert.ok(lost)
  const report = await backUpTo(folder, cache, {
    withContent: true,
    meanwhile: async (done) => {
      // As if it were evicted at this moment.
      if (done === 0) rmSync(blobFile(cache.dataDir, lost.digest), { force: true })
    },
  })
  await load
  assert.equal(report.content?.missing, 1)
  await hub.stop()
  const restored = await startOn(t, filled, folder)
  for (const [i, image] of images.entries()) {
    if (i === 0) continue
    assertWhole(await restored.fetch(manifestPath(`old${i}`)), image.manifest)
    for (const blob of [image.config, ...image.layers])
      assertWhole(await restored.fetch(blobPath(blob.digest)), blob)
  }
  await assertStoreSound(folder)
  await hub.start()
  await pullAll(restored, 'new', newer)
  assertWhole(await restored.fetch(blobPath(lost.digest)), lost)
  await assertStoreSound(folder)
})

void test('an index without content fetches again what is asked for, and counts what is there', async (t) => {
  const filled = await startFilled(t)
  const { hub, cache, images } = filled
  for (const isRunning of [true, false]) {
    if (!isRunning) await cache.close()
    const folder = join(await tempDir(t), 'data')
    await backUpTo(folder, cache, { withContent: false })
    const restored = await startOn(t, filled, folder)
    await assertStoreSound(folder)
    hub.requests.clear()
    await pullAll(restored, 'old', images)
    assert.equal(hub.requests.count({ kind: 'blob', method: 'GET' }), images.length * 3)
    await assertStoreSound(folder)
    await assertCounted(restored)
  }
})

void test('an index that is older than the content beside it comes to agree with it', async (t) => {
  const filled = await startFilled(t)
  const { hub, cache, images } = filled
  const folder = join(await tempDir(t), 'old')
  await backUpTo(folder, cache, { withContent: false })
  const newer = addImages(filled, 'new', 4)
  await pullAll(cache, 'new', newer)
  await cache.close()
  for (const { digest } of images[3]?.layers ?? []) rmSync(blobFile(cache.dataDir, digest))
  // As the manual says.
  for (const suffix of ['', '-wal', '-shm', '.snapshot'])
    rmSync(join(cache.dataDir, `cachalot.db${suffix}`), { force: true })
  cpSync(folder, cache.dataDir, { recursive: true })
  await cache.restart()
  await assertStoreSound(cache.dataDir)
  hub.requests.clear()
  await pullAll(cache, 'old', images)
  await pullAll(cache, 'new', newer)
  const bodies = hub.requests.list({ kind: 'blob', method: 'GET' }).map(({ ref }) => ref)
  assert.equal(bodies.length, 2)
  assert.deepEqual(new Set(bodies), new Set(images[3]?.layers.map(({ digest }) => digest)))
  await assertStoreSound(cache.dataDir)
  await assertCounted(cache)
})

/** What the cache says it uses is what its files take. */
async function assertCounted(cache: Cachalot): Promise<void> {
  await eventually('used is what du says', async () => {
    const { disk } = await apiOf(cache).get('/stats', {})
    return disk.used === (await du(cache.dataDir))
  })
}

void test('a backup that is stopped leaves the one before as it was, and the next goes on', async (t) => {
  const filled = await startFilled(t)
  const folder = join(await tempDir(t), 'backup')
  const stopAt = (least: number) => {
    const controller = new AbortController()
    const meanwhile = async (done: number) => {
      if (done >= least) controller.abort(new Error('stopped'))
    }
    return { withContent: true, signal: controller.signal, meanwhile }
  }
  await assert.rejects(backUpTo(folder, filled.cache, stopAt(2)), /stopped/)
  assert.equal(existsSync(join(folder, 'cachalot.db')), false)
  assert.equal(await placeOf(folder), 'backup')
  const first = await backUpTo(folder, filled.cache, { withContent: true })
  assert.ok((first.content?.copied ?? 0) < (first.content?.blobs ?? 0), 'what was copied is used')
  const before = readFileSync(join(folder, 'cachalot.db'))
  await pullAll(filled.cache, 'new', addImages(filled, 'new', 2))
  await assert.rejects(backUpTo(folder, filled.cache, stopAt(2)), /stopped/)
  assert.deepEqual(readFileSync(join(folder, 'cachalot.db')), before)
  assert.equal(existsSync(join(folder, 'cachalot.db.new')), false)
})
