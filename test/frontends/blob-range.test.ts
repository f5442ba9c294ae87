import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Digest } from '../../src/domain/digest.ts'
import { type Cachalot, type Pair, startPair } from '../support/cachalot.ts'
import { contentBytes } from '../support/fake-content.ts'
import type { Fetched } from '../support/http.ts'
import { settled, verdict } from './support.ts'

interface Case {
  readonly range: string
  /** First and last byte; undefined: the range is refused. */
  readonly want: readonly [start: number, end: number] | undefined
}

/** The cases of the conformance suite, and those that clients and attackers add, for a blob of `size` bytes. */
function table(size: number): readonly Case[] {
  return [
    { range: 'bytes=500-1499', want: [500, 1499] },
    { range: 'bytes=500-', want: [500, size - 1] },
    { range: 'bytes=-500', want: [size - 500, size - 1] },
    { range: `bytes=${size - 48}-${size + 3000}`, want: [size - 48, size - 1] },
    { range: 'bytes=0-0', want: [0, 0] },
    { range: 'bytes=0-', want: [0, size - 1] },
    { range: `bytes=${size - 1}-`, want: [size - 1, size - 1] },
    { range: `bytes=-${size * 2}`, want: [0, size - 1] },
    { range: 'bytes=0-9223372036854775807', want: [0, size - 1] },
    { range: `bytes=10-19,${size}-`, want: [10, 19] },
    { range: 'bytes=500-0', want: undefined },
    { range: `bytes=${size * 2}-${size * 4}`, want: undefined },
    { range: 'bytes=-0', want: undefined },
    { range: `bytes=${size}-`, want: undefined },
    { range: 'bytes=18446744073709551615-', want: undefined },
  ]
}

function assertRange(answer: Fetched, { range, want }: Case, { digest, bytes }: Known): void {
  const { headers, status, body } = answer
  if (want === undefined) {
    assert.equal(verdict(answer), '416 RANGE_INVALID', range)
    assert.equal(headers['content-range'], `bytes */${bytes.length}`, range)
    return
  }
  const [start, end] = want
  assert.equal(status, 206, range)
  assert.equal(headers['content-range'], `bytes ${start}-${end}/${bytes.length}`, range)
  assert.equal(headers['content-length'], String(end - start + 1), range)
  assert.equal(headers['accept-ranges'], 'bytes', range)
  assert.equal(headers.etag, `"${digest}"`, range)
  assert.equal(headers['docker-content-digest'], digest, range)
  assert.ok(body.equals(bytes.subarray(start, end + 1)), range)
}

interface Known {
  readonly digest: Digest
  readonly bytes: Buffer
}

let seeds = 100

function addBlob({ hub }: Pair, size: number): Known {
  const { digest, content } = hub.addBlob('org/app', { seed: ++seeds, size })
  return { digest, bytes: contentBytes(content) }
}

const get = (cache: Cachalot, { digest }: Known, headers: Record<string, string>) =>
  cache.fetch(`/v2/org/app/blobs/${digest}`, { headers })

/** The parts of a multipart/byteranges body (RFC 9110 §14.6). */
function partsOf({ headers, body }: Fetched): { range: string; bytes: string }[] {
  const boundary =
    /boundary=([0-9a-f]+)$/.exec(headers['content-type'] ?? '')?.[1] ?? assert.fail('no boundary')
  const pieces = body.toString('latin1').split(`\r\n--${boundary}`)
  assert.equal(pieces.shift(), '')
  assert.equal(pieces.pop(), '--\r\n')
  return pieces.map((piece) => {
    const [head = '', bytes = ''] = piece.split('\r\n\r\n')
    assert.match(head, /^\r\nContent-Type: application\/octet-stream\r\nContent-Range: [^\r]+$/)
    return { range: head.split('Content-Range: ')[1] ?? '', bytes }
  })
}

describe('a range of a blob', () => {
  for (const size of [2048, 300_000]) {
    test(`of ${size} bytes is right when nothing is cached, and when all is`, async (t) => {
      const pair = await startPair(t)
      for (const one of table(size)) {
        const blob = addBlob(pair, size)
        pair.hub.requests.clear()
        for (const outcome of ['miss', 'hit']) {
          const answer = await get(pair.cache, blob, { range: one.range })
          assertRange(answer, one, blob)
          if (one.want !== undefined)
            assert.match(String(answer.headers['x-cache']), new RegExp(`${outcome}|joined`))
        }
        assert.equal(pair.hub.requests.count({ kind: 'blob' }), 1, one.range)
      }
    })
  }

  test('is right while the download runs, and costs nothing more', async (t) => {
    const pair = await startPair(t)
    const { hub, cache } = pair
    const blob = addBlob(pair, 300_000)
    hub.bandwidth = 200_000
    const whole = await cache.open(`/v2/org/app/blobs/${blob.digest}`)
    assert.deepEqual(await whole.read(2000), blob.bytes.subarray(0, 2000))
    hub.freeze()
    const here = await get(cache, blob, { range: 'bytes=500-1499' })
    assertRange(here, { range: 'of what is here', want: [500, 1499] }, blob)
    assert.equal(here.headers['x-cache'], 'joined')
    const cases = table(300_000)
    const coming = cases.map(({ range }) => get(cache, blob, { range }))
    const tail = await cache.open(`/v2/org/app/blobs/${blob.digest}`, { headers: { range: 'bytes=-10' } })
    assert.equal(
      tail.headers['content-range'],
      'bytes 299990-299999/300000',
      'headers do not wait for the bytes',
    )
    hub.bandwidth = undefined
    hub.thaw()
    for (const [i, one] of cases.entries()) assertRange((await coming[i]) ?? assert.fail(), one, blob)
    assert.deepEqual(await tail.read(10), blob.bytes.subarray(-10))
    assert.deepEqual(await whole.rest(), { complete: true, bytes: 300_000, digest: blob.digest })
    assert.equal(hub.requests.count({ kind: 'blob' }), 1)
  })

  test('is right when ranges wait for the digest', async (t) => {
    const pair = await startPair(t, { config: { cache: { verified_ranges: true } } })
    for (const one of table(2048)) {
      const blob = addBlob(pair, 2048)
      assertRange(await get(pair.cache, blob, { range: one.range }), one, blob)
    }
  })

  test('is the whole blob where nobody knows how long it is', async (t) => {
    const pair = await startPair(t)
    const blob = addBlob(pair, 2048)
    pair.hub.faults.add({ fault: { contentLength: 'omit' } })
    const answer = await get(pair.cache, blob, { range: 'bytes=0-9' })
    assert.equal(answer.status, 200)
    assert.deepEqual(answer.body, blob.bytes)
    await settled(pair.cache, `/v2/org/app/blobs/${blob.digest}`)
    assertRange(
      await get(pair.cache, blob, { range: 'bytes=0-9' }),
      { range: 'known by now', want: [0, 9] },
      blob,
    )
  })

  test('of an empty blob is refused', async (t) => {
    const pair = await startPair(t)
    const blob = addBlob(pair, 0)
    for (const range of ['bytes=0-', 'bytes=0-0', 'bytes=-1']) {
      for (let i = 0; i < 2; i++) {
        assertRange(await get(pair.cache, blob, { range }), { range, want: undefined }, blob)
      }
    }
  })
})

describe('a Range header', () => {
  test('that is malformed, foreign or greedy is answered with the whole blob', async (t) => {
    const pair = await startPair(t)
    const blob = addBlob(pair, 2048)
    const greedy = `bytes=${Array(1000).fill('0-').join(',')}`
    for (const range of [
      'bytes=',
      'bytes=x-y',
      'lines=0-1',
      'bytes=0-9,x',
      'bytes=0-,0-',
      'bytes=0-99,50-60',
      greedy,
    ]) {
      const answer = await get(pair.cache, blob, { range })
      assert.equal(answer.status, 200, range)
      assert.deepEqual(answer.body, blob.bytes)
    }
  })

  test('of several ranges is answered in parts, cold, warm and while the download runs', async (t) => {
    const pair = await startPair(t)
    const { hub, cache } = pair
    for (const state of ['cold', 'running']) {
      const blob = addBlob(pair, 300_000)
      hub.bandwidth = state === 'running' ? 200_000 : undefined
      const running = state === 'running' ? await cache.open(`/v2/org/app/blobs/${blob.digest}`) : undefined
      await running?.read(100)
      hub.bandwidth = undefined
      for (let i = 0; i < 2; i++) {
        const answer = await get(cache, blob, { range: 'bytes=0-9, 200000-200099, -5' })
        assert.equal(answer.status, 206, state)
        const wanted = [
          [0, 9],
          [200_000, 200_099],
          [299_995, 299_999],
        ] as const
        const want = wanted.map(([start, end]) => ({
          range: `bytes ${start}-${end}/300000`,
          bytes: blob.bytes.subarray(start, end + 1).toString('latin1'),
        }))
        assert.deepEqual(partsOf(answer), want, state)
      }
      running?.destroy()
      assert.equal(hub.requests.count({ ref: blob.digest }), 1, state)
    }
  })
})

describe('If-Range', () => {
  test('lets the range through only when it names this very content', async (t) => {
    const pair = await startPair(t)
    const blob = addBlob(pair, 2048)
    const range = 'bytes=0-9'
    for (const _round of ['cold', 'warm']) {
      const same = await get(pair.cache, blob, { range, 'if-range': `"${blob.digest}"` })
      assertRange(same, { range, want: [0, 9] }, blob)
      const others = ['"x"', blob.digest, `W/"${blob.digest}"`, 'Sun, 06 Nov 1994 08:49:37 GMT', '""']
      for (const other of others) {
        const answer = await get(pair.cache, blob, { range, 'if-range': other })
        assert.equal(answer.status, 200, other)
        assert.deepEqual(answer.body, blob.bytes, other)
      }
    }
  })

  test('makes even an impossible range the whole blob when the content is another', async (t) => {
    const pair = await startPair(t)
    const blob = addBlob(pair, 100)
    const answer = await get(pair.cache, blob, { range: 'bytes=500-', 'if-range': '"x"' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.length, 100)
  })
})
