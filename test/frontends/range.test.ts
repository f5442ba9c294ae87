import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseRange, type RangeAnswer, resolveRange } from '../../src/domain/range.ts'

const SIZE = 2048
const answerTo = (header: string | undefined, size = SIZE) => resolveRange(parseRange(header), size)
const single = (start: number, end: number): RangeAnswer => ({ kind: 'single', range: { start, end } })

describe('a Range header', () => {
  test('is answered as the conformance table says', () => {
    assert.deepEqual(answerTo('bytes=500-1499'), single(500, 1499))
    assert.deepEqual(answerTo('bytes=500-'), single(500, 2047))
    assert.deepEqual(answerTo('bytes=-500'), single(1548, 2047))
    assert.deepEqual(answerTo('bytes=2000-5000'), single(2000, 2047))
    assert.deepEqual(answerTo('bytes=0-0'), single(0, 0))
    assert.deepEqual(answerTo('bytes=-5000'), single(0, 2047))
    for (const header of ['bytes=500-0', 'bytes=5000-10000', 'bytes=-0', 'bytes=2048-']) {
      assert.deepEqual(answerTo(header), { kind: 'unsatisfiable' }, header)
    }
    assert.deepEqual(answerTo('bytes=0-', 0), { kind: 'unsatisfiable' })
    assert.deepEqual(answerTo('bytes=-1', 0), { kind: 'unsatisfiable' })
  })

  test('that says nothing we know means everything', () => {
    const headers = [
      undefined,
      '',
      'bytes',
      'bytes=',
      'bytes=-',
      'bytes=a-b',
      'lines=0-1',
      'bytes=1-2x',
      '0-1',
    ]
    for (const header of headers) assert.deepEqual(answerTo(header), { kind: 'whole' }, String(header))
  })

  test('takes what subarray takes', () => {
    const buffer = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 251))
    const place = fc.nat({ max: 400 })
    fc.assert(
      fc.property(place, place, fc.nat({ max: 300 }), (a, b, size) => {
        const bytes = buffer.subarray(0, size)
        const cut = (answer: RangeAnswer) =>
          answer.kind === 'single'
            ? bytes.subarray(answer.range.start, answer.range.end + 1)
            : Buffer.alloc(0)
        const closed = a <= b ? bytes.subarray(a, b + 1) : Buffer.alloc(0)
        assert.deepEqual(cut(answerTo(`bytes=${a}-${b}`, size)), closed)
        assert.deepEqual(cut(answerTo(`bytes=${a}-`, size)), bytes.subarray(a))
        assert.deepEqual(cut(answerTo(`bytes=-${a}`, size)), a === 0 ? Buffer.alloc(0) : bytes.subarray(-a))
      }),
      { numRuns: 1000 },
    )
  })

  test('with numbers beyond all files neither overflows nor wraps', () => {
    assert.deepEqual(answerTo('bytes=0-9223372036854775807'), single(0, 2047))
    assert.deepEqual(answerTo('bytes=-9223372036854775808'), single(0, 2047))
    assert.deepEqual(answerTo('bytes=18446744073709551615-'), { kind: 'unsatisfiable' })
    assert.deepEqual(answerTo(`bytes=${'9'.repeat(5000)}-`), { kind: 'unsatisfiable' })
  })

  test('with several ranges is answered in parts, but never with more than the content', () => {
    assert.deepEqual(answerTo('bytes=0-9, 20-29'), {
      kind: 'multi',
      ranges: [
        { start: 0, end: 9 },
        { start: 20, end: 29 },
      ],
    })
    assert.deepEqual(answerTo('bytes=0-9,5000-6000'), single(0, 9))
    assert.deepEqual(answerTo('bytes=0-,0-'), { kind: 'whole' })
    assert.deepEqual(answerTo(`bytes=${Array(1000).fill('0-').join(',')}`), { kind: 'whole' })
    const spec = fc.tuple(fc.nat({ max: 3000 }), fc.nat({ max: 3000 })).map(([a, b]) => `${a}-${a + b}`)
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 40 }), (specs) => {
        const answer = answerTo(`bytes=${specs.join(',')}`)
        if (answer.kind !== 'multi') return
        const sent = answer.ranges.reduce((sum, { start, end }) => sum + end + 1 - start, 0)
        assert.ok(sent <= SIZE && answer.ranges.length <= 16)
      }),
    )
  })
})
