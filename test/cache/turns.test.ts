import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createTurns } from '../../src/cache/turns.ts'

const never = new AbortController().signal

suite('turns', () => {
  test('come at once while there are any, for each upstream on its own', async () => {
    const turns = createTurns(2)
    const first = turns.now('a')
    const second = turns.now('a')
    assert.ok(first && second)
    assert.equal(turns.now('a'), undefined)
    assert.ok(turns.now('b'))
    await first.ready(never)
    first.end()
    assert.ok(turns.now('a'))
    assert.equal(turns.now('a'), undefined)
  })

  test('come in the order of the line, and whoever left it is passed over', async () => {
    const turns = createTurns(1)
    const taken = turns.inLine('a')
    const come: string[] = []
    const wait = (name: string) => {
      const turn = turns.inLine('a')
      return { end: turn.end, done: turn.ready(never).then(() => come.push(name)) }
    }
    const [x, y, z] = [wait('x'), wait('y'), wait('z')]
    y.end()
    taken.end()
    taken.end()
    await x.done
    assert.deepEqual(come, ['x'])
    x.end()
    await z.done
    assert.deepEqual(come, ['x', 'z'])
    assert.equal(turns.now('a'), undefined)
    z.end()
    assert.ok(turns.now('a'))
  })

  test('are not waited for longer than the signal says', async () => {
    const turns = createTurns(1)
    turns.now('a')
    const gone = new AbortController()
    const waiting = turns.inLine('a').ready(gone.signal)
    gone.abort(new Error('left'))
    await assert.rejects(waiting, /left/)
    await assert.rejects(turns.inLine('a').ready(gone.signal), /left/)
  })
})
