import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { assertNoParts, MIB } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { apiOf, du, gc, pullImage } from './support.ts'

/** Three images that nobody used lately; the coldest is gone upstream. */
async function begin(t: Parameters<typeof startPair>[0], maxSize = '1GiB') {
  const clock = fakeClock()
  const { hub, cache } = await startPair(t, { clock, config: { storage: { max_size: maxSize } } })
  for (const name of ['gone', 'one', 'two']) {
    const image = hub.addImage(`library/${name}`, { tags: ['1'], layers: [MIB] })
    await pullImage(cache, image, { repo: `library/${name}`, tag: '1' })
    // It lands when its client has it already, as of then.
    await assertNoParts(cache.dataDir)
    clock.advance(DAY)
  }
  hub.untag('library/gone', '1')
  const { items } = await apiOf(cache).post('/check', { names: ['gone:1'] })
  assert.equal(items[0]?.state, 'gone')
  return { clock, hub, cache }
}

const isHere = async (cache: Cachalot, name: string): Promise<boolean> =>
  (await apiOf(cache).get('/lookup', { name })).cached === 'complete'

suite('cleaning up around what cannot be pulled again', () => {
  for (const goal of [{ free: 2 * MIB }, { to: MIB + 300_000 }, { idle: 1000 }]) {
    test(`leaves it here with the goal ${JSON.stringify(goal)}, dry and done`, async (t) => {
      const { cache, clock } = await begin(t)
      clock.advance(DAY)
      const dry = await gc(cache, { ...goal, dryRun: true })
      assert.equal(dry.kept.gone, 1)
      const before = await du(cache.dataDir)
      const done = await gc(cache, goal)
      assert.deepEqual([done.frees, done.objects], [dry.frees, dry.objects])
      assert.equal(await du(cache.dataDir), before - done.frees)
      assert.deepEqual(
        [await isHere(cache, 'gone:1'), await isHere(cache, 'one:1'), await isHere(cache, 'two:1')],
        [true, false, false],
      )
    })
  }

  test('takes it first, where that is asked for, as the coldest', async (t) => {
    const { cache, clock } = await begin(t)
    clock.advance(DAY)
    const done = await gc(cache, { free: MIB, includeGone: true })
    assert.equal(done.kept.gone, 0)
    assert.deepEqual([await isHere(cache, 'gone:1'), await isHere(cache, 'one:1')], [false, true])
  })

  test('takes it for the budget, which comes before all', async (t) => {
    const { cache, clock } = await begin(t, '4MiB')
    clock.advance(DAY)
    await cache.reload({ config: { storage: { max_size: '3MiB', evict_to: '70%' } } })
    const done = await gc(cache)
    assert.equal(done.kept.gone, 0)
    assert.equal(await isHere(cache, 'gone:1'), false)
  })
})
