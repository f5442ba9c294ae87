import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Pair, startPair } from '../support/cachalot.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import {
  addBlob,
  assertStoreSound,
  assertWhole,
  blobRows,
  eventually,
  MIB,
  manifestPath,
  pull,
} from './support.ts'
import { coverReadOnly, failWrites, mountExt4, mountPoint, uncover } from './volume.ts'

interface Warm extends Pair {
  readonly manifest: Pick<AddedBlob, 'digest' | 'size'>
  readonly blobs: readonly AddedBlob[]
}

async function startWarm(t: TestContext, dataDir?: string): Promise<Warm> {
  // Every tag is due at once, so that answers want to be written down.
  const config = { cache: { tag_ttl: '0s' } }
  const { hub, cache } = await startPair(t, { config, ...(dataDir === undefined ? {} : { dataDir }) })
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  assertWhole(await cache.fetch(manifestPath('1')), manifest)
  const blobs = [addBlob(hub, 40_000), addBlob(hub, 3 * MIB)]
  for (const blob of blobs) await pull(cache, blob)
  await assertStoreSound(cache.dataDir)
  return { hub, cache, manifest, blobs }
}

async function assertServes({ hub, cache, manifest, blobs }: Warm): Promise<void> {
  for (const blob of blobs) assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
  for (const reference of ['1', manifest.digest]) {
    assertWhole(await cache.fetch(manifestPath(reference)), manifest)
  }
  const cold = addBlob(hub, 2 * MIB)
  for (let i = 0; i < 2; i++) assert.equal((await pull(cache, cold)).headers['x-cache'], 'bypass')
  const image = hub.addImage('library/app', { tags: ['cold'] })
  for (let i = 0; i < 2; i++) assertWhole(await cache.fetch(manifestPath('cold')), image.manifest)
}

test('a folder that turns read-only is read on, new content passes through, and is kept again when it can be written', async (t) => {
  const volume = await mountPoint()
  const dataDir = join(volume.path, 'data')
  await mkdir(dataDir)
  const warm = await startWarm(t, dataDir)
  t.after(() => volume.remove())
  const { hub, cache } = warm
  // A new index is filled from what lies in the folder first, which a busy machine may not have ended yet.
  await cache.close()
  await cache.restart()
  if (!(await coverReadOnly(t, dataDir))) return
  try {
    await assertServes(warm)
    assert.equal(cache.log.find(/passed through and not kept/).length, 1)
  } finally {
    await uncover(dataDir)
  }
  const later = addBlob(hub, MIB)
  await pull(cache, later)
  // Its row comes with its last byte, which leaves once its digest is right.
  await eventually('it is kept', () => blobRows(dataDir).has(later.digest))
  await assertStoreSound(dataDir)
  assert.equal((await pull(cache, later)).headers['x-cache'], 'hit')
  assert.deepEqual(cache.log.find('error'), [])
})

test('a disk that refuses every write, the index too, is served from', async (t) => {
  const volume = await mountPoint()
  if (!(await mountExt4(t, volume.path, 24 * MIB))) return await volume.remove()
  const warm = await startWarm(t, join(volume.path, 'data'))
  t.after(() => volume.remove())
  await failWrites(volume.path)
  await assertServes(warm)
  await warm.hub.stop()
  for (const blob of warm.blobs) await pull(warm.cache, blob)
  assertWhole(await warm.cache.fetch(manifestPath('1')), warm.manifest)
  await warm.cache.close()
  assert.deepEqual(warm.cache.log.find('error'), [])
})

test('on a folder that cannot be written it does not start, and says so', async (t) => {
  const volume = await mountPoint()
  const dataDir = join(volume.path, 'data')
  await mkdir(dataDir)
  const { cache } = await startWarm(t, dataDir)
  t.after(() => volume.remove())
  await cache.close()
  if (!(await coverReadOnly(t, dataDir))) return
  try {
    await assert.rejects(cache.restart(), { code: /^(EROFS|SQLITE_CANTOPEN|SQLITE_READONLY.*)$/ })
  } finally {
    await uncover(dataDir)
  }
  await cache.restart()
})
