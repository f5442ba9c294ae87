import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { tempDir } from '../support/temp.ts'
import { listOf, rowsOf, runOne } from './prefetch-support.ts'

/** "n0000:1" and so on. */
function named(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `n${String(at).padStart(4, '0')}:1`)
}

suite('long lists', () => {
  test('what was left is remembered beyond the rows of a report, and comes first', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      ...listOf(named(70), { keep_pulls: '0' }),
      fake: { rateLimit: { limit: 1000, remaining: 60, window: 21_600 } },
    })
    const move = (): void => {
      for (const name of named(70)) hub.addImage(`library/${name.slice(0, -2)}`, { tags: ['1'], layers: 1 })
    }
    move()
    const first = await runOne(cache)
    assert.deepEqual([first.fetched, first.left, first.images.length], [60, 10, 50])
    assert.deepEqual(
      first.waiting,
      named(70)
        .slice(60)
        .map((name) => `docker.io/library/${name}`),
    )
    move()
    clock.advance(DAY)
    if (hub.rateLimit !== undefined) hub.rateLimit.remaining = 60
    assert.equal(rowsOf(await runOne(cache))[0], 'fetched n0060:1')
  })

  test('bad lines are as few as images are, and each is short; what was not read is told in one row', async (t) => {
    const file = join(await tempDir(t), 'images.txt')
    const { cache } = await startPair(t, listOf([], { file }))
    await writeFile(file, `${'x y'.repeat(30_000)}\n${'z'.repeat(30_000)}\n`)
    const long = await runOne(cache)
    assert.deepEqual(
      long.images.map(({ name, state }) => [name.length, state]),
      [
        [300, 'failed'],
        [300, 'failed'],
      ],
    )
    assert.ok(JSON.stringify(long).length < 3000)
    await writeFile(file, Array.from({ length: 20_000 }, (_, at) => `n${at} x`).join('\n'))
    const many = await runOne(cache, true)
    assert.deepEqual([many.failed, many.left, many.images.length], [1000, 19_000, 1001])
    assert.deepEqual(many.images.at(-1)?.why?.params, { most: 1000, more: 18_999 })
    assert.ok(JSON.stringify((await runOne(cache)).images).length < 20_000)
  })

  test('images beyond those of one run come first in the next', async (t) => {
    const file = join(await tempDir(t), 'images.txt')
    await writeFile(file, named(1003).join('\n'))
    const { hub, cache } = await startPair(t, listOf([], { file }))
    const last = named(1003).slice(1000)
    for (const name of last) hub.addImage(`library/${name.slice(0, -2)}`, { tags: ['1'], layers: 1 })
    const first = await runOne(cache)
    assert.deepEqual([first.failed, first.left, first.images.length], [1000, 3, 50])
    assert.deepEqual(
      first.waiting,
      last.map((name) => `docker.io/library/${name}`),
    )
    const second = await runOne(cache)
    assert.deepEqual([second.fetched, second.failed, second.left], [3, 997, 3])
  })
})
