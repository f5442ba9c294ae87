import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createKeepSafe } from '../../src/api/keep-safe.ts'
import { collectorLog } from '../support/collector-log.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Copies and pauses that end when told to. */
function scene({ failing = false } = {}) {
  const events: string[] = []
  const ends: (() => void)[] = []
  const log = collectorLog()
  const step = (name: string) => {
    events.push(name)
    return new Promise<void>((resolve) => ends.push(resolve))
  }
  const snapshot = async () => {
    await step('copy')
    if (failing) throw new Error('the disk is full')
  }
  const keepSafe = createKeepSafe({ index: { snapshot }, log, pause: () => step('pause') })
  const end = async () => {
    ends.shift()?.()
    await turn()
  }
  return { events, end, log, keepSafe }
}

suite('copies after revocations', () => {
  test('are few, however many revocations come, and the last of them is in one', async () => {
    const { events, end, keepSafe } = scene()
    keepSafe()
    assert.deepEqual(events, ['copy'], 'the first one has its copy at once')
    for (let n = 0; n < 100; n++) keepSafe()
    await end()
    for (let n = 0; n < 100; n++) keepSafe()
    assert.deepEqual(events, ['copy', 'pause'])
    await end()
    assert.deepEqual(events, ['copy', 'pause', 'copy'])
    keepSafe()
    await end()
    await end()
    assert.deepEqual(events, ['copy', 'pause', 'copy', 'pause', 'copy'], 'that one came during a copy')
    await end()
    await end()
    assert.equal(events.length, 6, 'and then there is rest')
    keepSafe()
    assert.equal(events.at(-1), 'copy')
  })

  test('that fail are told, and the next revocation has one again', async () => {
    const { events, end, log, keepSafe } = scene({ failing: true })
    keepSafe()
    await end()
    assert.match(log.text(), /does not know yet/)
    keepSafe()
    await end()
    assert.deepEqual(events, ['copy', 'pause', 'copy'])
  })
})
