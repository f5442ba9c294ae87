import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Bound, Row } from './bench.ts'
import { lruHits, zipf } from './lru.ts'
import { createResults } from './results.ts'
import { renderTable, verdict } from './table.ts'

function rowWith(better: Row['better'], ...bounds: Bound[]): Row {
  return { id: 'row', title: 'a row', unit: 'ms', better, bounds }
}

/** Values of Cachalot and docker-registry by round. */
function judged(row: Row, ours: readonly number[], theirs: readonly number[] = []): string {
  const results = createResults()
  for (const [round, value] of ours.entries()) results.record('row', { subject: 'cachalot', round, value })
  for (const [round, value] of theirs.entries())
    results.record('row', { subject: 'docker-registry', round, value })
  return verdict(row, results.of(row).bounds)
}

suite('the verdict of a row', () => {
  const least = rowWith('less', { must: 10, aim: 5 })
  const most = rowWith('more', { against: 'docker-registry', must: 1, aim: 1.2 })

  test('says which promise was met', () => {
    assert.equal(judged(least, [4, 5, 90]), 'aim met')
    assert.equal(judged(least, [6]), 'must met')
    assert.equal(judged(most, [13], [10]), 'aim met')
  })

  test('or by how much it was missed, by the median of the ratios of the rounds', () => {
    assert.equal(judged(least, [11]), 'missed by 10 %')
    assert.equal(judged(least, [35]), 'missed by 3.5 times')
    assert.equal(judged(most, [9, 1000, 10], [10, 1000, 20]), 'missed by 10 %')
  })

  test('and where there is no value, or no promise, it says so', () => {
    assert.equal(judged(most, [9]), 'not measured')
    assert.equal(judged(rowWith('less'), [1]), '')
    assert.equal(judged(rowWith('less', { must: 0 }), [3]), 'missed by 3')
    const both = rowWith('more', { against: 'docker-registry', must: 1 }, { against: 'nginx', must: 1 })
    assert.equal(judged(both, [2], [1]), 'must met, in part')
  })

  test('stands in the table beside median, least and greatest', () => {
    const results = createResults()
    for (const [round, value] of [3, 1, 2].entries())
      results.record('row', { subject: 'cachalot', round, value })
    const table = renderTable([{ row: least, result: results.of(least) }])
    assert.match(table, /^a row +2 ms \(1–3\) .*≤ 10 ms +≤ 5 ms +aim met$/m)
  })
})

suite('the exact LRU', () => {
  const asks = (names: string) => names.split('').map((name) => ({ name, size: 10 }))

  test('keeps what was used last', () => {
    assert.equal(lruHits(asks('abab'), 20), 2)
    assert.equal(lruHits(asks('abcabc'), 20), 0)
    assert.equal(lruHits(asks('abacab'), 20), 2)
    assert.equal(lruHits([{ name: 'large', size: 30 }, ...asks('aa')], 20), 1)
  })

  test('is asked for a few names much more often than for the others', () => {
    const drawn = zipf(10_000, 100)
    const count = (kind: number) => drawn.filter((one) => one === kind).length
    assert.ok(count(0) > 1.5 * count(1) && count(1) > 5 * count(30), `${count(0)} ${count(1)} ${count(30)}`)
    assert.ok(drawn.every((kind) => kind >= 0 && kind < 100))
    assert.deepEqual(zipf(10_000, 100), drawn)
  })
})
