import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { AddedBlob } from '../support/fake-repositories.ts'
import type { Fetched } from '../support/http.ts'
import {
  addBlob,
  assertStoreSound,
  assertWhole,
  blobPath,
  eventually,
  MIB,
  pull,
  upstreamBodies,
  upstreamBytes,
} from './support.ts'

function ranged(cache: Cachalot, blob: AddedBlob, range: string): Promise<Fetched> {
  return cache.fetch(blobPath(blob.digest), { headers: { range: `bytes=${range}` } })
}

function assertRange(answer: Fetched, blob: AddedBlob, start: number, end: number): void {
  assert.equal(answer.status, 206)
  assert.equal(answer.complete, true)
  assert.equal(answer.headers['content-range'], `bytes ${start}-${end}/${blob.size}`)
  assert.equal(answer.headers['content-length'], String(end + 1 - start))
  assert.ok(answer.body.equals(contentBytes(blob.content, start, end + 1)))
}

suite('ranges of a cold blob', () => {
  test('start the one download and are answered from it', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 3 * MIB)
    hub.bandwidth = 6 * MIB
    assertRange(await ranged(cache, blob, `${MIB}-${MIB + 99}`), blob, MIB, MIB + 99)
    await pull(cache, blob)
    assert.equal(upstreamBodies(hub, blob.digest), 1)
    assert.equal(upstreamBytes(hub, blob.digest), blob.size)
    assert.equal(hub.requests.list({ kind: 'blob' })[0]?.range, undefined, 'the whole is fetched')
  })

  test('all kinds of them', async (t) => {
    const { hub, cache } = await startPair(t)
    const size = 100_000
    const cases: [string, number, number][] = [
      ['0-0', 0, 0],
      ['0-', 0, size - 1],
      ['500-1499', 500, 1499],
      ['-500', size - 500, size - 1],
      [`${size - 1}-`, size - 1, size - 1],
      ['99000-200000', 99_000, size - 1],
      ['-200000', 0, size - 1],
    ]
    for (const [range, start, end] of cases) {
      const blob = addBlob(hub, size)
      assertRange(await ranged(cache, blob, range), blob, start, end)
      assertRange(await ranged(cache, blob, range), blob, start, end)
      assert.equal(upstreamBodies(hub, blob.digest), 1)
    }
    const blob = addBlob(hub, size)
    const outside = await ranged(cache, blob, `${size}-`)
    assert.equal(outside.status, 416)
    assert.equal(outside.headers['content-range'], `bytes */${size}`)
    await pull(cache, blob)
    await assertStoreSound(cache.dataDir)
  })

  test('several at once come as multipart from the running download', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 2 * MIB)
    hub.bandwidth = 8 * MIB
    const answer = await ranged(cache, blob, `0-9,${MIB}-${MIB + 9},-10`)
    assert.equal(answer.status, 206)
    assert.match(answer.headers['content-type'] ?? '', /^multipart\/byteranges; boundary=/)
    assert.equal(answer.headers['content-length'], String(answer.body.length))
    for (const start of [0, MIB, blob.size - 10]) {
      assert.ok(answer.body.includes(contentBytes(blob.content, start, start + 10)))
    }
    assert.equal(upstreamBodies(hub, blob.digest), 1)
  })
})

suite('ranges of a running download', () => {
  test('near what is here wait for it', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 4 * MIB)
    hub.bandwidth = 4 * MIB
    const whole = cache.fetch(blobPath(blob.digest))
    await hub.requests.waitFor((record) => record.bytesSent > 0)
    const answer = await ranged(cache, blob, `${3 * MIB}-${3 * MIB + 1000}`)
    assertRange(answer, blob, 3 * MIB, 3 * MIB + 1000)
    assert.equal(answer.headers['x-cache'], 'joined')
    assertWhole(await whole, blob)
    assert.equal(upstreamBodies(hub, blob.digest), 1)
  })

  test('far ahead of it are fetched on their own, and the download goes on', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 40 * MIB)
    hub.bandwidth = 24 * MIB
    const whole = await cache.open(blobPath(blob.digest))
    await hub.requests.waitFor((record) => record.bytesSent > 0)
    const start = 39 * MIB
    const started = performance.now()
    const answer = await ranged(cache, blob, `${start}-${start + 9999}`)
    assertRange(answer, blob, start, start + 9999)
    assert.equal(answer.headers['x-cache'], 'bypass')
    assert.ok(performance.now() - started < 1200, 'not waited for')
    const side = hub.requests.list({ kind: 'blob' }).find((record) => record.range !== undefined)
    assert.equal(side?.range, `bytes=${start}-${start + 9999}`)
    const { complete, digest } = await whole.rest()
    assert.equal(complete, true)
    assert.equal(digest, blob.digest)
    assert.equal(upstreamBytes(hub, blob.digest), blob.size + 10_000)
    await assertStoreSound(cache.dataDir)
  })

  test('verified_ranges: no byte of it leaves before the whole is verified', async (t) => {
    const { hub, cache } = await startPair(t, { config: { cache: { verified_ranges: true } } })
    const bad = addBlob(hub, 300_000)
    hub.faults.add({ when: { ref: bad.digest }, times: 1, fault: { corruptAt: 299_000 } })
    const refused = await ranged(cache, bad, '0-99')
    assert.ok(refused.status >= 500, `${refused.status}`)
    assertRange(await ranged(cache, bad, '0-99'), bad, 0, 99)
  })

  test('without verified_ranges a range that ends early is right, though the whole is not', async (t) => {
    const { hub, cache } = await startPair(t)
    const bad = addBlob(hub, 300_000)
    hub.faults.add({ when: { ref: bad.digest }, times: 1, fault: { corruptAt: 299_000 } })
    assertRange(await ranged(cache, bad, '0-99'), bad, 0, 99)
    await eventually('it was not kept', async () => (await cache.fetch(blobPath(bad.digest))).complete)
    await pull(cache, bad)
    await assertStoreSound(cache.dataDir)
  })

  test('a range up to the end never completes with wrong bytes', async (t) => {
    const { hub, cache } = await startPair(t)
    const bad = addBlob(hub, 300_000)
    hub.faults.add({ when: { ref: bad.digest }, times: 1, fault: { corruptAt: -1 } })
    const answer = await ranged(cache, bad, '200000-')
    assert.equal(answer.complete, false)
  })

  test('without a known length, the whole is sent', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, 300_000)
    hub.faults.add({ when: { ref: blob.digest }, times: 1, fault: { contentLength: 'omit' } })
    assertWhole(await ranged(cache, blob, '10-19'), blob)
    await assertStoreSound(cache.dataDir)
    assertRange(await ranged(cache, blob, '10-19'), blob, 10, 19)
  })
})
