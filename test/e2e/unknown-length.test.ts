import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { addBlob, assertNoParts, assertStoreSound, blobPath, MIB } from './support.ts'

test('content that turns out larger than the room for it reaches its client byte for byte', async (t) => {
  const { hub, cache } = await startPair(t, { config: { storage: { max_size: '100MiB' } } })
  // Room is taken in steps of 64 MiB where the upstream states no length; the second step is refused.
  const blob = addBlob(hub, 80 * MIB)
  hub.faults.add({ when: { ref: blob.digest }, fault: { contentLength: 'omit' } })
  const stream = await cache.open(blobPath(blob.digest))
  assert.equal(stream.headers['content-length'], undefined)
  assert.deepEqual(await stream.rest(), { complete: true, bytes: blob.size, digest: blob.digest })
  await assertNoParts(cache.dataDir)
  await assertStoreSound(cache.dataDir)
})
