import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { addBlob, assertNoParts, assertWhole, blobPath, digestOf, manifestPath } from '../e2e/support.ts'
import { request, sendRaw } from '../http/raw.ts'
import { startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'

const MOST = 10_000

/** What stands for a number of names: how many it may be answered with, or that it is refused. */
const COUNTS: Readonly<Record<string, number | 'refused'>> = {
  '0': 0,
  '1': 1,
  '1000': 1000,
  '1000000000': MOST,
  '999999999999999': MOST,
  '9000000000000000': 'refused',
  '99999999999999999999999': 'refused',
  '-1': 'refused',
  '-0': 'refused',
  '+1': 'refused',
  '1e3': 'refused',
  '0x10': 'refused',
  '1.5': 'refused',
  '%205': 'refused',
  '5%20': 'refused',
  '+5': 'refused',
  '%EF%BC%95': 'refused',
  '': 'refused',
  NaN: 'refused',
  Infinity: 'refused',
  null: 'refused',
  '[1]': 'refused',
  '1,2': 'refused',
  '1&n=2': 'refused',
  '1&n=1': 'refused',
}

/** SEC-30 */
test('a number of names is one that we can bear, or refused', async (t) => {
  const { hub, cache } = await startPair(t)
  for (let i = 0; i < 3; i++) hub.addImage('library/app', { tags: [`t${i}`], layers: 0 })
  await cache.fetch(manifestPath('t0'))
  for (const [n, most] of Object.entries(COUNTS)) {
    for (const list of ['/v2/library/app/tags/list', '/v2/_catalog']) {
      const { status, body } = await sendRaw(cache.port, request(`${list}?n=${n}`))
      if (most === 'refused') assert.equal(status, 400, `${list}?n=${n}`)
      else {
        assert.equal(status, 200, `${list}?n=${n}`)
        const { tags, repositories } = JSON.parse(body)
        assert.ok((tags ?? repositories).length <= most, `${list}?n=${n}`)
      }
    }
  }
  const asked = hub.requests
    .list({ kind: 'tags' })
    .map(({ query }) => Number(new URLSearchParams(query).get('n')))
  assert.ok(asked.length > 0 && asked.every((n) => n <= MOST), String(asked))
})

const SIZE = 100_000

/** Ranges that overflow, wrap or say nothing, and what of the blob they may bring: from, and how much. */
const RANGES: Readonly<Record<string, readonly [from: number, length: number] | 'whole' | 'none'>> = {
  'bytes=0-0': [0, 1],
  'bytes=-1': [SIZE - 1, 1],
  'bytes=99999-': [SIZE - 1, 1],
  'bytes=0-9223372036854775807': [0, SIZE],
  'bytes=0-18446744073709551616': [0, SIZE],
  'bytes=-9223372036854775608': [0, SIZE],
  'bytes=-18446744073709551615': [0, SIZE],
  'bytes=18446744073709551615-': 'none',
  'bytes=18446744073709551616-18446744073709551617': 'none',
  'bytes=4294967296-4294967297': 'none',
  'bytes=100000-': 'none',
  'bytes=-0': 'none',
  'bytes=--5': 'whole',
  'bytes=-5-': 'whole',
  'bytes=0x0-0x5': 'whole',
  'bytes=1e1-2e1': 'whole',
  'bytes=': 'whole',
  'bytes=,,,': 'whole',
  'bites=0-5': 'whole',
}

/** SEC-31 */
suite('a range', () => {
  test('brings bytes of its blob, and no others, cold and warm', async (t) => {
    const { hub, cache } = await startPair(t)
    // Neighbours on disk and in memory.
    const [, blob] = [addBlob(hub, SIZE), addBlob(hub, SIZE), addBlob(hub, SIZE)]
    const bytes = contentBytes(blob.content)
    for (const [range, want] of Object.entries(RANGES)) {
      for (const headers of [{ range }, { range, 'if-range': `"${blob.digest}"` }]) {
        const { status, body } = await cache.fetch(blobPath(blob.digest), { headers })
        if (want === 'none') assert.equal(status, 416, range)
        else if (want === 'whole') {
          assert.equal(status, 200, range)
          assert.ok(body.equals(bytes), range)
        } else {
          assert.equal(status, 206, range)
          assert.ok(body.equals(bytes.subarray(want[0], want[0] + want[1])), range)
        }
      }
    }
    assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  })

  test('in a thousand pieces brings no more than the blob has', async (t) => {
    const { hub, cache } = await startPair(t)
    const blob = addBlob(hub, SIZE)
    assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
    await assertNoParts(cache.dataDir)
    const many = (part: (i: number) => string, n = 1000): string =>
      `bytes=${Array.from({ length: n }, (_, i) => part(i)).join()}`
    const ranges = [
      many(() => '0-'),
      many(() => '0-0'),
      many((i) => `${i}-`),
      many((i) => `${i * 2}-${i * 2}`),
      many((i) => `-${i + 1}`),
      many(() => '5-4'),
    ]
    for (const range of ranges) {
      const { status, body, headers } = await cache.fetch(blobPath(blob.digest), { headers: { range } })
      assert.ok(status === 200 || status === 206 || status === 416, range.slice(0, 40))
      // Heads between the pieces are ours; what is between them is bounded by the blob.
      assert.ok(body.length <= 2 * SIZE, `${range.slice(0, 40)}: ${body.length}`)
      if (status === 200) assert.equal(digestOf(body), blob.digest)
      assert.equal(Number(headers['content-length']), body.length)
    }
  })
})
