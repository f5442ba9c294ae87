import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { apiOf } from '../jobs/support.ts'
import { type Cachalot, type Pair, startPair } from '../support/cachalot.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { tempDir } from '../support/temp.ts'
import { addBlob, assertStoreSound, assertWhole, blobPath, KIB, manifestPath, pull } from './support.ts'

const run = promisify(execFile)

type Harm = (file: string) => Promise<unknown>

/** Writes over `length` bytes of a file, from another process: closing it here would drop SQLite's locks. */
async function overwrite(file: string, at: number, length: number): Promise<void> {
  const blocks = [`bs=1`, `seek=${at}`, `count=${length}`, 'conv=notrunc', 'status=none']
  await run('dd', ['if=/dev/urandom', `of=${file}`, ...blocks])
}

const sizeOf = async (file: string): Promise<number> => (await stat(file)).size
const pageAt = (n: number): number => Math.floor(n / 4096) * 4096

/** What may befall the file of the index, as seen at the next start. */
const HARMS: readonly (readonly [string, Harm])[] = [
  [
    'is something else',
    (file) => writeFile(file, 'no database at all, but long enough for one '.repeat(400)),
  ],
  ['has another header', (file) => overwrite(file, 0, 100)],
  ['lost its first page', (file) => overwrite(file, 0, 4096)],
  ['lost 4 KiB at a third', async (file) => overwrite(file, pageAt((await sizeOf(file)) / 3), 4096)],
  [
    'lost 4 KiB off a page boundary',
    async (file) => overwrite(file, pageAt((await sizeOf(file)) / 3) + 2000, 4096),
  ],
  ['lost its last 4 KiB', async (file) => overwrite(file, (await sizeOf(file)) - 4096, 4096)],
  ['is cut in half', async (file) => truncate(file, (await sizeOf(file)) / 2)],
  ['is cut in the middle of a page', async (file) => truncate(file, (await sizeOf(file)) - 1000)],
  ['is empty', (file) => truncate(file)],
  ['is gone', (file) => rm(file)],
]

/** Harm to the files beside it, which is none to the index. */
const HARMLESS: readonly (readonly [string, Harm])[] = [
  ['a log of garbage', (file) => writeFile(`${file}-wal`, Buffer.alloc(50_000, 'x'))],
  ['an index of the log of garbage', (file) => writeFile(`${file}-shm`, Buffer.alloc(32_768, 'x'))],
  ['a half snapshot', (file) => writeFile(`${file}.snapshot.12.half`, 'x')],
  ['no snapshot', (file) => rm(`${file}.snapshot`)],
  ['a damaged snapshot', (file) => writeFile(`${file}.snapshot`, 'x'.repeat(5000))],
]

interface Filled extends Pair {
  readonly images: readonly BuiltImage[]
  readonly file: string
}

/** A cache that holds images, closed in order. */
async function startFilled(t: TestContext): Promise<Filled> {
  const pair = await startPair(t)
  const images = Array.from({ length: 12 }, (_, i) =>
    pair.hub.addImage('library/app', { tags: [`v${i}`], layers: [2 * KIB, 3 * KIB, 9 * KIB] }),
  )
  await pullAll(pair.cache, images)
  return { ...pair, images, file: join(pair.cache.dataDir, 'cachalot.db') }
}

async function pullAll(cache: Cachalot, images: readonly BuiltImage[]): Promise<void> {
  for (const [i, image] of images.entries()) {
    assertWhole(await cache.fetch(manifestPath(`v${i}`), { method: 'GET' }), image.manifest)
    for (const blob of [image.config, ...image.layers]) {
      assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
    }
  }
}

const asides = async (file: string): Promise<string[]> =>
  (await readdir(join(file, '..'))).filter((name) => /\.corrupt-[^-]*$/.test(name))

suite('an index that is found damaged at a start is put back, and everything is served without the upstream', () => {
  for (const [name, harm] of HARMS) {
    test(`with a snapshot, when it ${name}`, async (t) => {
      const { hub, cache, images, file } = await startFilled(t)
      await cache.close()
      await harm(file)
      await hub.stop()
      await cache.restart()
      await pullAll(cache, images)
      const lines = cache.log.find(/the index was damaged and is put back/)
      // Where nothing but free space was cut off there is nothing to put back.
      assert.equal(lines.length, name.includes('in the middle of a page') ? lines.length : 1)
      const isLost = name === 'is gone' || name === 'is empty'
      assert.equal((await asides(file)).length, isLost ? 0 : lines.length)
      await assertStoreSound(cache.dataDir)
      await cache.restart()
      await pullAll(cache, images)
      assert.equal(cache.log.find(/put back/).length, lines.length)
    })
  }

  for (const [name, harm] of HARMLESS) {
    test(`with ${name} beside it nothing is lost`, async (t) => {
      const { hub, cache, images, file } = await startFilled(t)
      await cache.close()
      await harm(file)
      await hub.stop()
      await cache.restart()
      await pullAll(cache, images)
      await assertStoreSound(cache.dataDir)
      assert.deepEqual(
        (await readdir(cache.dataDir)).filter((each) => each.endsWith('.half')),
        [],
      )
    })
  }

  test('what came after the snapshot is read from the damaged file', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await cache.close()
    const old = join(await tempDir(t), 'snapshot')
    await copyFile(`${file}.snapshot`, old)
    await cache.restart()
    const later = [...images]
    for (let i = images.length; i < 30; i++) {
      later.push(hub.addImage('library/app', { tags: [`v${i}`], layers: [2 * KIB, 3 * KIB] }))
    }
    await pullAll(cache, later)
    await cache.close()
    await copyFile(old, `${file}.snapshot`)
    // The schema's own page is sound, and so are most others.
    await overwrite(file, pageAt((await sizeOf(file)) / 3), 4096)
    await hub.stop()
    await cache.restart()
    const served = await Promise.all(later.map((_, i) => cache.fetch(manifestPath(`v${i}`))))
    const whole = served.filter(({ status }) => status === 200)
    assert.ok(whole.length >= later.length - 6, `${whole.length} of ${later.length} tags`)
    await pullAll(cache, images)
    await assertStoreSound(cache.dataDir)
  })
})

suite('without a snapshot', () => {
  test('names are read from the damaged file, and the files on disk are found again', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await cache.close()
    await rm(`${file}.snapshot`)
    await overwrite(file, (await sizeOf(file)) - 4096, 4096)
    await hub.stop()
    await cache.restart()
    const served = await Promise.all(images.map((_, i) => cache.fetch(manifestPath(`v${i}`))))
    assert.ok(served.filter(({ status }) => status === 200).length >= 6)
    await assertStoreSound(cache.dataDir)
    assert.equal(cache.log.find(/there was no good snapshot/).length, 1)
  })

  test('and without its first page, everything is served while the upstream is down', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await cache.close()
    await rm(`${file}.snapshot`)
    await overwrite(file, 0, 4096)
    await hub.stop()
    await cache.restart()
    await pullAll(cache, images)
    await assertStoreSound(cache.dataDir)
    assert.equal(cache.log.find(/there was no good snapshot/).length, 1)
  })

  test('and nothing readable, the upstream confirms names, and sends no layer again', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await cache.close()
    await rm(`${file}.snapshot`)
    await overwrite(file, 0, await sizeOf(file))
    await cache.restart()
    hub.requests.clear()
    await pullAll(cache, images)
    const bodies = hub.requests.list({ kind: 'blob', method: 'GET' })
    assert.deepEqual(bodies, [])
    assert.ok(images.length > 0)
    await assertStoreSound(cache.dataDir)
  })

  test('a lost index finds its files again', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await cache.close()
    for (const name of ['', '.snapshot']) await rm(`${file}${name}`)
    await cache.restart()
    hub.requests.clear()
    await pullAll(cache, images)
    assert.deepEqual(hub.requests.list({ kind: 'blob', method: 'GET' }), [])
    await assertStoreSound(cache.dataDir)
  })
})

test('rows and files that do not fit are brought together with the snapshot', async (t) => {
  const { hub, cache, images, file } = await startFilled(t)
  await cache.close()
  const [lost] = images
  assert.ok(lost)
  const old = join(await tempDir(t), 'snapshot')
  await copyFile(`${file}.snapshot`, old)
  await cache.restart()
  const newer = addBlob(hub, 5000)
  await pull(cache, newer)
  await cache.close()
  await copyFile(old, `${file}.snapshot`)
  await overwrite(file, 0, await sizeOf(file))
  const hex = lost.manifest.digest.slice(7)
  await rm(join(cache.dataDir, 'blobs', 'sha256', hex.slice(0, 2), hex))
  await cache.restart()
  await assertStoreSound(cache.dataDir)
  const [line] = cache.log.find(/put back/)
  assert.deepEqual([line?.fields['found'], line?.fields['dropped']], [1, 1])
  await pullAll(cache, images)
  assert.equal((await cache.fetch(blobPath(newer.digest))).headers['x-cache'], 'revalidated')
})

suite('an index that is damaged while it is in use', () => {
  for (const [name, harm] of HARMS.slice(0, 6)) {
    test(`is put back, and the pulls that ran into it are served: it ${name}`, async (t) => {
      const { hub, cache, images, file } = await startFilled(t)
      // A new process has read little of it.
      await cache.restart()
      await hub.stop()
      if (name === 'is something else') await overwrite(file, 0, await sizeOf(file))
      else await harm(file)
      await Promise.all([1, 2, 3].map(() => pullAll(cache, images)))
      // What SQLite still had in memory served well without it.
      const repairs = cache.log.find(/put back/).length
      assert.ok(repairs === 1 || (repairs === 0 && name !== 'is something else'), `${repairs} repairs`)
      assert.deepEqual(cache.log.find('error'), [])
      await cache.restart()
      await pullAll(cache, images)
      await assertStoreSound(cache.dataDir)
    })
  }

  test('is read by every list once it is put back', async (t) => {
    const { cache, images, file } = await startFilled(t)
    await cache.restart()
    await overwrite(file, 0, await sizeOf(file))
    await pullAll(cache, images)
    assert.equal(cache.log.find(/put back/).length, 1)
    const api = apiOf(cache)
    const name = 'docker.io/library/app'
    assert.equal((await api.get('/repositories', {})).total, 1)
    assert.equal((await api.get('/images', {})).total, images.length)
    assert.equal((await api.get('/tags', { name })).total, images.length)
    assert.equal((await api.get('/digests', { name })).total, 0)
    assert.equal((await api.get('/tree', {})).items.length, 1)
    assert.equal((await api.get('/files', {})).total, 0)
    assert.deepEqual(await api.get('/repositories/usage', { name }), { items: [], total: 0 })
    assert.equal((await api.get('/tags/beside', { name: `${name}:v1` })).after, 'v0')
    assert.equal((await api.get('/overview', {})).images, images.length)
  })

  test('is kept aside, the newest two', async (t) => {
    const { hub, cache, images, file } = await startFilled(t)
    await hub.stop()
    for (let i = 0; i < 4; i++) {
      await cache.close()
      await overwrite(file, 0, 4096)
      await cache.restart()
      await pullAll(cache, images)
    }
    assert.equal((await asides(file)).length, 2)
    assert.equal(cache.log.find(/put back/).length, 4)
  })
})
