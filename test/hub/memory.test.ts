import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemory, type Remembered } from '../../src/hub/memory.ts'

const answer = (text: string): Remembered<string> => ({ said: { kind: 'list', list: text }, at: 1 })

void test('what was asked for least recently goes first', () => {
  const memory = createMemory<string>(1_000_000, 3)
  for (const question of ['a', 'b', 'c']) memory.put(question, answer(question))
  memory.get('a')
  memory.put('d', answer('d'))
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((question) => memory.get(question) !== undefined),
    [true, false, true, true],
  )
})

void test('bytes are bounded, whatever is put in', () => {
  const memory = createMemory<string>(100_000, 1000)
  for (let n = 0; n < 500; n++) memory.put(`question ${n}`, answer('x'.repeat(2000)))
  const kept = Array.from({ length: 500 }, (_, n) => memory.get(`question ${n}`)).filter(
    (one) => one !== undefined,
  )
  assert.ok(kept.length > 5 && kept.length <= 12, String(kept.length))
  memory.put('huge', answer('x'.repeat(100_000)))
  assert.equal(memory.get('huge'), undefined)
  assert.notEqual(memory.get('question 499'), undefined)
  // The same question again takes no more room.
  for (let n = 0; n < 500; n++) memory.put('again', answer('x'.repeat(2000)))
  assert.notEqual(memory.get('question 499'), undefined)
})
