import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startPair } from '../support/cachalot.ts'
import type { Fault, FaultMatch } from '../support/fake-faults.ts'
import {
  addBlob,
  assertHonest,
  assertNoParts,
  assertStoreSound,
  assertWhole,
  blobPath,
  KIB,
  MIB,
  pull,
  upstreamBytes,
} from './support.ts'

const SIZE = 400_000
const OFFSETS = [0, 1, SIZE / 4, SIZE / 2, SIZE - 1]

interface Case {
  readonly name: string
  readonly fault: Fault
  /** Times; once by default. */
  readonly times?: number
  readonly when?: FaultMatch
  /** A second rule, for what happens when the download goes on. */
  readonly next?: { readonly fault: Fault; readonly when?: FaultMatch }
  readonly outcome: 'whole' | 'broken' | 'either'
}

const CASES: readonly Case[] = [
  ...OFFSETS.flatMap((at): Case[] => [
    { name: `reset at ${at}`, fault: { resetAfter: at }, outcome: 'whole' },
    { name: `truncated at ${at}`, fault: { truncateAfter: at }, outcome: 'whole' },
    {
      name: `chunked and reset at ${at}`,
      fault: { resetAfter: at, contentLength: 'omit' },
      outcome: 'either',
    },
    {
      name: `close-delimited and truncated at ${at}`,
      fault: { truncateAfter: at, closeDelimited: true },
      outcome: 'either',
    },
    { name: `byte ${at} wrong`, fault: { corruptAt: at }, outcome: 'broken' },
    {
      name: `byte ${at} wrong, without a length`,
      fault: { corruptAt: at, contentLength: 'omit' },
      outcome: 'broken',
    },
    {
      name: `reset at ${at}, then ranges are ignored`,
      fault: { resetAfter: at },
      next: { fault: { ignoreRange: true } },
      outcome: 'whole',
    },
    {
      name: `reset at ${at}, then the validator is another one`,
      fault: { resetAfter: at },
      next: { fault: { etag: '"changed"' } },
      outcome: 'whole',
    },
    {
      name: `reset at ${at}, then ranges start too early`,
      fault: { resetAfter: at },
      next: { fault: { wrongRangeStart: -7 } },
      outcome: at === 0 ? 'whole' : 'either',
    },
    {
      name: `reset at ${at}, then ranges start too late`,
      fault: { resetAfter: at },
      next: { fault: { wrongRangeStart: 7 } },
      outcome: at === 0 ? 'whole' : 'either',
    },
    {
      name: `reset at ${at}, then 503 twice`,
      fault: { resetAfter: at },
      next: { fault: { status: 503 } },
      outcome: 'whole',
    },
  ]),
  { name: 'without a length', fault: { contentLength: 'omit' }, outcome: 'whole' },
  { name: 'close-delimited', fault: { closeDelimited: true }, outcome: 'whole' },
  { name: 'length too small', fault: { contentLength: SIZE - 10 }, outcome: 'broken' },
  { name: 'length too large', fault: { contentLength: SIZE + 10 }, outcome: 'broken' },
  { name: 'length 0', fault: { contentLength: 0 }, outcome: 'broken' },
  { name: 'two lengths', fault: { duplicateContentLength: true }, outcome: 'broken' },
  { name: 'extra bytes', fault: { extraBytes: 5000 }, outcome: 'either' },
  { name: 'gzip nobody asked for', fault: { contentEncoding: 'gzip' }, outcome: 'broken' },
  {
    name: 'an error page with status 200',
    fault: { swapBody: Buffer.from('<html>captive portal</html>') },
    outcome: 'broken',
  },
  { name: 'another blob', fault: { swapBody: Buffer.alloc(SIZE, 7) }, outcome: 'broken' },
  { name: 'an empty body', fault: { swapBody: Buffer.alloc(0) }, outcome: 'broken' },
  { name: '503 twice, then fine', fault: { status: 503 }, times: 2, outcome: 'whole' },
  { name: '500 for ever', fault: { status: 500 }, times: 99, outcome: 'broken' },
  { name: 'the connection closes without a word', fault: { close: true }, outcome: 'whole' },
  { name: 'a header too large', fault: { hugeHeader: true }, outcome: 'broken' },
  {
    name: 'a redirect into nowhere',
    fault: { redirectTo: 'http://127.0.0.1:9/x' },
    times: 1,
    outcome: 'either',
  },
  { name: '206 to a request without a range', fault: { status: 206, body: 'x' }, outcome: 'broken' },
  { name: '204', fault: { status: 204, body: '' }, outcome: 'broken' },
]

suite('an upstream that misbehaves while a blob is fetched', { concurrency: 8 }, () => {
  for (const { name, fault, times = 1, when, next, outcome } of CASES) {
    test(`${name}: the client gets the right blob or an honest break, and nothing wrong is kept`, async (t) => {
      const { hub, cache } = await startPair(t)
      const blob = addBlob(hub, SIZE)
      hub.faults.add({ when: { kind: 'blob', ...when }, times, fault })
      if (next !== undefined)
        hub.faults.add({ when: { ranged: true, ...next.when }, times: 2, fault: next.fault })
      const result = assertHonest(await cache.fetch(blobPath(blob.digest)), blob)
      if (outcome !== 'either') assert.equal(result, outcome)
      await assertStoreSound(cache.dataDir)
      hub.faults.clear()
      await pull(cache, blob)
      await assertStoreSound(cache.dataDir)
      await assertNoParts(cache.dataDir)
    })
  }
})

test('three cuts in one download: the client notices nothing and next to no byte is fetched twice', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 8 * MIB)
  for (const at of [1 * MIB, 2 * MIB + 1, 3 * MIB - 17]) {
    hub.faults.add({ when: { kind: 'blob' }, times: 1, fault: { truncateAfter: at } })
  }
  await pull(cache, blob)
  assert.equal(hub.requests.count({ kind: 'blob' }), 4)
  assert.ok(upstreamBytes(hub, blob.digest) <= 1.05 * blob.size, `${upstreamBytes(hub, blob.digest)}`)
})

test('a download goes on while the body only drips', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 60 * KIB)
  hub.faults.add({ when: { kind: 'blob' }, fault: { drip: { bytesPerSecond: 100 * KIB } } })
  await pull(cache, blob)
})

suite('credentials and addresses that expire in the middle of a download', () => {
  for (const at of [1, 2 * MIB]) {
    test(`the token, after ${at} bytes`, async (t) => {
      const { hub, cache } = await startPair(t, { fake: { auth: 'bearer' } })
      const blob = addBlob(hub, 4 * MIB)
      hub.faults.add({ when: { kind: 'blob', nth: 2 }, times: 1, fault: { truncateAfter: at } })
      hub.faults.add({ when: { kind: 'blob', ranged: true }, times: 1, fault: { expireToken: true } })
      await pull(cache, blob)
      assert.ok(upstreamBytes(hub, blob.digest) <= 1.05 * blob.size + 1000)
    })

    test(`the signed address, after ${at} bytes`, async (t) => {
      const { hub, cache } = await startPair(t, { fake: { blobs: 'redirect' } })
      const blob = addBlob(hub, 4 * MIB)
      hub.faults.add({ when: { kind: 'cdn' }, times: 1, fault: { truncateAfter: at } })
      hub.faults.add({ when: { kind: 'cdn', ranged: true }, times: 1, fault: { expireRedirect: true } })
      await pull(cache, blob)
      assert.ok(hub.requests.bytes({ role: 'cdn' }) <= 1.05 * blob.size + 1000)
    })
  }
})

test('a blob that an upstream has under a wrong digest is served to nobody and never kept', async (t) => {
  const { hub, cache } = await startPair(t)
  const right = addBlob(hub, 100_000)
  const wrong = addBlob(hub, 100_000, 'library/wrong')
  hub.putBlob('library/app', right.digest, wrong.content)
  for (let i = 0; i < 2; i++) {
    const answer = await cache.fetch(blobPath(right.digest))
    assert.equal(assertHonest(answer, right), 'broken')
    assert.ok(answer.body.length < right.size)
  }
  await assertStoreSound(cache.dataDir)
  await assertNoParts(cache.dataDir)
})

test('an upstream that dies for good in the middle ends the answer, and the next pull goes on where it stopped', async (t) => {
  const { hub, cache } = await startPair(t)
  const blob = addBlob(hub, 4 * MIB)
  hub.faults.add({ when: { kind: 'blob', ranged: false }, times: 1, fault: { resetAfter: 3 * MIB } })
  const denied = hub.faults.add({ when: { kind: 'blob', ranged: true }, fault: { status: 404 } })
  assert.equal(assertHonest(await cache.fetch(blobPath(blob.digest)), blob), 'broken')
  denied.remove()
  await pull(cache, blob)
  await assertStoreSound(cache.dataDir)
})

test('a manifest that is cut, wrong or too long is an OCI error and is not kept', async (t) => {
  const { hub, cache } = await startPair(t)
  const { manifest } = hub.addImage('library/app', { tags: ['1'] })
  for (const fault of [
    { corruptAt: 5 },
    { swapBody: Buffer.alloc(5 * MIB, 32) },
    { contentEncoding: 'gzip' },
    { truncateAfter: 20 },
  ] satisfies Fault[]) {
    hub.faults.add({ when: { kind: 'manifest', method: 'GET' }, fault })
    const answer = await cache.fetch(`/v2/library/app/manifests/${manifest.digest}`)
    assert.ok(answer.status >= 500 || answer.status === 413, `${answer.status}`)
    assert.ok(Array.isArray((JSON.parse(answer.body.toString()) as { errors: unknown }).errors))
    hub.faults.clear()
  }
  const answer = await cache.fetch(`/v2/library/app/manifests/${manifest.digest}`)
  assertWhole(answer, manifest)
  await assertStoreSound(cache.dataDir)
})
