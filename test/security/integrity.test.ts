import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Digest, DigestAlgorithm } from '../../src/domain/digest.ts'
import {
  addBlob,
  assertHonest,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobFiles,
  blobPath,
  MIB,
  manifestPath,
  pull,
} from '../e2e/support.ts'
import { gc } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { bytesContent, contentBytes } from '../support/fake-content.ts'
import { buildImage, describeJson } from '../support/oci-image.ts'
import { descriptorOf, MEDIA } from '../support/oci-media.ts'
import { rowCounts } from './incoming-support.ts'

/** SEC-20 */
suite('a manifest that is asked for by its digest', () => {
  for (const algorithm of ['sha256', 'sha512'] satisfies DigestAlgorithm[]) {
    test(`is hashed, whatever digest its answer states (${algorithm})`, async (t) => {
      const { hub, cache } = await startPair(t)
      const { manifest } = buildImage({ algorithm })
      const other = buildImage().manifest
      const { digest, mediaType } = manifest
      // The fake states the digest that it was told, not that of the bytes.
      hub.addManifest('library/app', { bytes: other.bytes, mediaType, digest })
      assert.equal((await cache.fetch(manifestPath(digest), { method: 'HEAD' })).status, 200)
      for (let i = 0; i < 2; i++) assert.equal((await cache.fetch(manifestPath(digest))).status, 502)
      assert.deepEqual(await blobFiles(cache.dataDir), [])
      const { blobs, entries } = rowCounts(cache.dataDir)
      assert.deepEqual([blobs, entries], [0, 0])
      hub.addManifest('library/app', { bytes: manifest.bytes, mediaType, digest })
      const answer = await cache.fetch(manifestPath(digest))
      assert.equal(answer.status, 200)
      assert.deepEqual(answer.body, manifest.bytes)
    })
  }
})

/** What an upstream may make of content, under headers that fit. */
const FORGERIES: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  'another first byte': (bytes) => flipped(bytes, 0),
  'another byte in the middle': (bytes) => flipped(bytes, bytes.length >> 1),
  'another last byte': (bytes) => flipped(bytes, bytes.length - 1),
  'one byte more': (bytes) => Buffer.concat([bytes, Buffer.from([0])]),
  'one byte less': (bytes) => bytes.subarray(0, -1),
  'nothing of it': () => Buffer.alloc(0),
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

async function isKept({ dataDir }: Cachalot, digest: Digest): Promise<boolean> {
  return (await blobFiles(dataDir)).some((file) => file.digest === digest)
}

/** SEC-21 */
suite('a blob of other bytes than its digest says', () => {
  const settings = {
    'that could be kept': {},
    'that is passed through': { config: { storage: { min_free: '900TiB' } } },
  }
  // The larger one is hashed on a thread.
  for (const size of [100_000, 3 * MIB]) {
    for (const [how, options] of Object.entries(settings)) {
      test(`and ${size} bytes, ${how}, is never whole for anybody and never kept`, async (t) => {
        const { hub, cache } = await startPair(t, options)
        for (const [what, forge] of Object.entries(FORGERIES)) {
          const blob = addBlob(hub, size)
          const forged = forge(contentBytes(blob.content))
          hub.putBlob('library/app', blob.digest, bytesContent(forged))
          const asked = [{}, {}, { range: 'bytes=0-' }].map((headers) =>
            cache.fetch(blobPath(blob.digest), { headers }),
          )
          for (const answer of await Promise.all(asked)) {
            assert.ok(answer.status >= 400 || !answer.complete, `${what}: ${answer.status} and whole`)
            // At most all but the last byte of what the upstream announced.
            assert.ok(answer.body.length < forged.length || answer.status >= 400, what)
          }
          await assertNoParts(cache.dataDir)
          assert.ok(!(await isKept(cache, blob.digest)), what)
          hub.putBlob('library/app', blob.digest, blob.content)
          assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
        }
      })
    }
  }

  test('is not whole for a second name either, which has it right', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 400_000, 'library/right')
    hub.putBlob('library/wrong', blob.digest, bytesContent(flipped(contentBytes(blob.content), 7)))
    const names = ['library/wrong', 'library/right', 'library/wrong', 'library/right']
    const answers = await Promise.all(names.map((name) => cache.fetch(blobPath(blob.digest, name))))
    for (const answer of answers) assertHonest(answer, blob)
    await pull(cache, blob, 'library/right')
    await assertStoreSound(cache.dataDir)
  })
})

/** SEC-23 */
test('bytes that are image and index at once stay as they came, and keep both their children', async (t) => {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, {
    clock,
    config: { pin: [{ match: 'docker.io/library/app:both' }] },
  })
  const layer = addBlob(hub, 70_000)
  const loose = addBlob(hub, 70_000)
  const inner = hub.addImage('library/app', { layers: 1 })
  const both = describeJson(
    MEDIA.manifest,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MEDIA.index,
        config: descriptorOf(inner.config),
        layers: [{ mediaType: MEDIA.layerGzip, digest: layer.digest, size: layer.size }],
        manifests: [descriptorOf(inner.manifest)],
      }),
    ),
  )
  hub.addManifest('library/app', { bytes: both.bytes, mediaType: MEDIA.manifest, tags: ['both'] })
  for (const reference of ['both', both.digest, 'both']) {
    const answer = await cache.fetch(manifestPath(reference))
    assert.deepEqual(answer.body, both.bytes)
    assert.equal(answer.headers['content-type'], MEDIA.manifest)
  }
  await cache.fetch(manifestPath(inner.manifest.digest))
  const kept = [layer, inner.config, ...inner.layers]
  for (const blob of [...kept, loose]) assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  await assertNoParts(cache.dataDir)
  clock.advance(30 * 24 * 3_600_000)
  await gc(cache, { to: 0 })
  await hub.stop()
  for (const blob of kept) assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  assert.deepEqual((await cache.fetch(manifestPath(inner.manifest.digest))).body, inner.manifest.bytes)
  assert.equal((await cache.fetch(blobPath(loose.digest))).status, 503)
})
