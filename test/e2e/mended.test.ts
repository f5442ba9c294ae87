import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import {
  addBlob,
  assertNoParts,
  assertStoreSound,
  blobFile,
  blobPath,
  MIB,
  pull,
  upstreamBodies,
} from './support.ts'

suite('a blob whose file becomes shorter while it is read', () => {
  test('is read to its end all the same, and is whole for everybody afterwards', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 24 * MIB)
    await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    hub.requests.clear()
    const reader = await cache.open(blobPath(blob.digest))
    await reader.read(1000)
    await truncate(blobFile(cache.dataDir, blob.digest), 12 * MIB)
    const { complete, digest } = await reader.rest()
    assert.equal(complete, true)
    assert.equal(digest, blob.digest)
    assert.equal(upstreamBodies(hub, blob.digest), 1)
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'hit')
    await assertStoreSound(cache.dataDir)
    assert.equal(cache.log.find(/is fetched again/).length, 1)
  })

  test('gives a range to its end too', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 24 * MIB)
    await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    const range = `bytes=${2 * MIB}-${20 * MIB - 1}`
    const reader = await cache.open(blobPath(blob.digest), { headers: { range } })
    await reader.read(1000)
    await truncate(blobFile(cache.dataDir, blob.digest), 12 * MIB)
    const { complete, bytes } = await reader.rest()
    assert.equal(complete, true)
    assert.equal(bytes, 18 * MIB)
  })

  test('is cut where its upstream cannot be asked, and never taken for whole', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 24 * MIB)
    await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    const reader = await cache.open(blobPath(blob.digest))
    await reader.read(1000)
    await hub.stop()
    await truncate(blobFile(cache.dataDir, blob.digest), 12 * MIB)
    assert.equal((await reader.rest()).complete, false)
  })
})
