import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { type Pair, startPair } from '../support/cachalot.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import { addBlob, assertStoreSound, assertWhole, blobPath, manifestPath, pull } from './support.ts'

const TYPE = 'application/vnd.oci.image.manifest.v1+json'

/** A manifest of somebody else claims a size for a blob whose upstream states none. */
async function startClaimed(t: TestContext, claimed: number): Promise<Pair & { blob: AddedBlob }> {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 3_000_000)
  hub.addBlob('evil/app', Buffer.from('x'))
  const descriptor = { mediaType: 'application/octet-stream', digest: blob.digest, size: claimed }
  const json = { schemaVersion: 2, mediaType: TYPE, config: descriptor, layers: [descriptor] }
  hub.addManifest('evil/app', { mediaType: TYPE, tags: ['1'], json })
  assert.equal((await cache.fetch(manifestPath('1', 'evil/app'))).status, 200)
  hub.faults.add({ when: { ref: blob.digest }, fault: { contentLength: 'omit' } })
  return { hub, cache, blob }
}

suite('a size that a manifest of anybody claims', () => {
  for (const claimed of [5, 2_999_999, 3_000_001, Number.MAX_SAFE_INTEGER]) {
    test(`of ${claimed} is told to nobody and judges nothing`, async (t) => {
      const { cache, blob } = await startClaimed(t, claimed)
      const head = await cache.fetch(blobPath(blob.digest), { method: 'HEAD' })
      assert.equal(head.status, 200)
      assert.equal(head.headers['content-length'], undefined)
      assert.equal((await pull(cache, blob)).headers['content-length'], undefined)
      await assertStoreSound(cache.dataDir)
      const kept = await pull(cache, blob)
      assert.equal(kept.headers['x-cache'], 'hit')
      assert.equal(kept.headers['content-length'], String(blob.size))
    })

    test(`of ${claimed} does not frame what is passed through`, async (t) => {
      const { cache, blob } = await startClaimed(t, claimed)
      await cache.reload({ config: { storage: { min_free: '900TiB' } } })
      const answer = await cache.fetch(blobPath(blob.digest))
      assertWhole(answer, blob)
      assert.equal(answer.headers['x-cache'], 'bypass')
      assert.equal(answer.headers['content-length'], undefined)
    })
  }

  test('makes content fit that taking room step by step would not', async (t) => {
    const { hub, cache, blob } = await startClaimed(t, 3_000_000)
    await cache.reload({ config: { storage: { max_size: '32MiB' } } })
    assert.notEqual((await pull(cache, blob)).headers['x-cache'], 'bypass')
    const unclaimed = addBlob(hub, 1_000_000)
    hub.faults.add({ when: { ref: unclaimed.digest }, fault: { contentLength: 'omit' } })
    assert.equal((await pull(cache, unclaimed)).headers['x-cache'], 'bypass')
  })
})
