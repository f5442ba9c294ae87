import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import { buildImage } from '../support/oci-image.ts'
import {
  addBlob,
  assertStoreSound,
  assertWhole,
  blobPath,
  blobRows,
  digestOf,
  eventually,
  KIB,
  MIB,
  manifestPath,
  upstreamBodies,
  upstreamBytes,
} from './support.ts'

test('200 clients of one cold blob cost one upstream body, and followers need not wait for its end', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 2 * MIB)
  // Its end is minutes away, until everybody has a first byte.
  hub.bandwidth = 16 * KIB
  const leader = cache.open(blobPath(blob.digest))
  await hub.requests.waitFor((record) => record.kind === 'blob' && record.bytesSent > 0)
  const followers = Array.from({ length: 199 }, () => cache.open(blobPath(blob.digest)))
  const streams = await Promise.all([leader, ...followers])
  for (const stream of streams) assert.equal((await stream.read(1)).length, 1)
  assert.ok(upstreamBytes(hub, blob.digest) < blob.size)
  hub.bandwidth = undefined
  const ends = await Promise.all(streams.map((stream) => stream.rest()))
  for (const end of ends) assert.deepEqual(end, { complete: true, bytes: blob.size, digest: blob.digest })
  assert.equal(upstreamBodies(hub, blob.digest), 1)
  assert.equal(upstreamBytes(hub, blob.digest), blob.size)
  const [first, ...others] = streams.map(({ headers }) => headers['x-cache'])
  assert.equal(first, 'miss')
  assert.deepEqual([...new Set(others)], ['joined'])
  await assertStoreSound(cache.dataDir)
})

test('64 clients of one cold tag cost one upstream manifest', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  hub.latency = 150
  const answers = await Promise.all(Array.from({ length: 64 }, () => cache.fetch(manifestPath('1'))))
  for (const answer of answers) {
    assert.equal(answer.status, 200)
    assert.ok(answer.body.equals(manifest.bytes))
  }
  assert.equal(hub.requests.count({ kind: 'manifest', method: 'GET' }), 1)
  const outcomes = new Set(answers.map((answer) => answer.headers['x-cache']))
  assert.ok(outcomes.has('miss') && outcomes.has('joined'))
})

test('64 clients pulling all layers of an image in different orders fetch every layer once', async (t) => {
  const { hub, cache } = await startPair(t)
  const image = buildImage({ layers: [2 * MIB, 700_000, 300_000, 65_537, 1, 512 * 1024] })
  hub.putImage('library/app', image, ['1'])
  hub.bandwidth = 8 * MIB
  const client = async (n: number): Promise<void> => {
    const layers = image.layers.map((layer, i) => ({ layer, at: (i * 7 + n * 13) % 31 }))
    for (const { layer } of layers.toSorted((a, b) => a.at - b.at)) {
      assertWhole(await cache.fetch(blobPath(layer.digest)), layer)
    }
  }
  await Promise.all(Array.from({ length: 64 }, (_, n) => client(n)))
  for (const layer of image.layers) assert.equal(upstreamBytes(hub, layer.digest), layer.size)
  await assertStoreSound(cache.dataDir)
})

test('one blob wanted under three names at once is one body; each name is asked for, and one that lacks it gets nothing', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 2 * MIB, 'library/app')
  hub.putBlob('team/other', blob.digest, blob.content)
  hub.addBlob('team/none', Buffer.from('something else'))
  hub.bandwidth = 2 * MIB
  const first = cache.fetch(blobPath(blob.digest))
  await hub.requests.waitFor((record) => record.kind === 'blob' && record.bytesSent > 0)
  const [app, other, none] = await Promise.all([
    first,
    cache.fetch(blobPath(blob.digest, 'team/other')),
    cache.fetch(blobPath(blob.digest, 'team/none')),
  ])
  assertWhole(app, blob)
  assertWhole(other, blob)
  assert.equal(other.headers['x-cache'], 'joined')
  assert.equal(none.status, 404)
  assert.match(none.body.toString(), /BLOB_UNKNOWN/)
  assert.equal(upstreamBodies(hub, blob.digest), 1)
  assert.equal(hub.requests.count({ repo: 'team/other', method: 'HEAD' }), 1)
  assert.equal(hub.requests.count({ repo: 'team/none', method: 'HEAD' }), 1)

  await eventually('the blob is stored', () => blobRows(cache.dataDir).has(blob.digest))
  hub.requests.clear()
  const again = await cache.fetch(blobPath(blob.digest, 'team/other'))
  assertWhole(again, blob)
  assert.equal(again.headers['x-cache'], 'hit')
  assert.equal(hub.requests.count(), 0, 'the confirmation was remembered')
})

test('a name whose upstream has the blob is not failed by another name that asked first and does not have it', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 300_000, 'library/app')
  hub.addBlob('team/none', Buffer.from('something else'))
  hub.faults.add({ when: { repo: 'team/none' }, fault: { latencyMs: 400 } })
  const none = cache.fetch(blobPath(blob.digest, 'team/none'))
  await hub.requests.waitFor((record) => record.repo === 'team/none')
  const app = await cache.fetch(blobPath(blob.digest))
  assertWhole(app, blob)
  assert.equal((await none).status, 404)
  assert.equal((await cache.fetch(blobPath(blob.digest))).status, 200, 'no "not found" is remembered')
})

test('a blob cached under one name is served to another only when its upstream has it there', async (t) => {
  const { hub, cache } = await startPair(t)
  const secret = Buffer.from('the private layer')
  const blob = hub.addBlob('team/private', secret)
  hub.addBlob('team/public', Buffer.from('something else'))
  assertWhole(await cache.fetch(blobPath(blob.digest, 'team/private')), blob)
  hub.requests.clear()
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
    const answer = await cache.fetch(blobPath(blob.digest, 'team/public'), { method })
    assert.equal(answer.status, 404, method)
    assert.ok(!answer.body.includes('private layer'))
    assert.equal(answer.headers['docker-content-digest'], undefined)
    assert.notEqual(answer.headers['content-length'], String(secret.length))
  }
  const ranged = await cache.fetch(blobPath(blob.digest, 'team/public'), { headers: { range: 'bytes=0-3' } })
  assert.equal(ranged.status, 404)
  assert.equal(hub.requests.count({ repo: 'team/public', method: 'GET' }), 0)
  assert.equal(hub.requests.count({ repo: 'team/public', method: 'HEAD' }), 1, '"not found" is remembered')
})

test('a manifest cached under one name is served by digest to another only when its upstream has it there', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('team/private', { tags: ['1'] })
  hub.addImage('team/public', { tags: ['1'] })
  assert.equal((await cache.fetch(manifestPath('1', 'team/private'))).status, 200)
  for (const method of ['HEAD', 'GET']) {
    const answer = await cache.fetch(manifestPath(manifest.digest, 'team/public'), { method })
    assert.equal(answer.status, 404, method)
  }
  hub.addManifest('team/fork', manifest)
  const fork = await cache.fetch(manifestPath(manifest.digest, 'team/fork'))
  assert.equal(fork.status, 200)
  assert.equal(fork.headers['x-cache'], 'revalidated')
  assert.equal(digestOf(fork.body), manifest.digest)
  assert.equal(hub.requests.count({ repo: 'team/fork', method: 'GET' }), 0)
})

test('a client joining a download that ends right then gets the whole blob', async (t) => {
  const { hub, cache } = await startPair(t)
  for (let round = 0; round < 15; round++) {
    const blob = addBlob(hub, 64 * 1024 + round)
    const clients = Array.from({ length: 12 }, async (_, n) => {
      for (let i = 0; i < n; i++) await new Promise(setImmediate)
      return await cache.fetch(blobPath(blob.digest))
    })
    for (const answer of await Promise.all(clients)) assertWhole(answer, blob)
    assert.equal(upstreamBytes(hub, blob.digest), blob.size)
  }
})
