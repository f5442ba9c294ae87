import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sideBySide } from '../../src/domain/side-by-side.ts'

test('all are worked on in their order, and never more at once than was said', async () => {
  const begun: number[] = []
  const ends: (() => void)[] = []
  const done = sideBySide([0, 1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    const { promise, resolve } = Promise.withResolvers<void>()
    ends.push(resolve)
    await promise
  })
  for (const most of [2, 3, 4, 5, 5]) {
    assert.deepEqual(begun, [0, 1, 2, 3, 4].slice(0, most))
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  await done
})

test('after an error no more begin, those under way are told, and it is thrown once they have ended', async () => {
  const begun: string[] = []
  const ended: string[] = []
  const wrong = new Error('the disk refuses')
  const done = sideBySide(['bad', 'slow', 'never'], 2, async (item, signal) => {
    begun.push(item)
    if (item === 'bad') throw wrong
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    assert.equal(signal.reason, wrong)
    ended.push(item)
  })
  await assert.rejects(done, wrong)
  assert.deepEqual(begun, ['bad', 'slow'])
  assert.deepEqual(ended, ['slow'])
})

test('nothing to do is done at once', async () => {
  await sideBySide([], 3, () => assert.fail('there is nothing'))
})
