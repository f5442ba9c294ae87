import assert from 'node:assert/strict'
import { test } from 'node:test'
import { because } from '../../src/domain/reasons.ts'
import { createFailures } from '../../src/hub/failures.ts'
import { fakeClock } from '../support/clock.ts'

const SLOW = because('hub_slow')

void test('a failure is known for its span, and not where the clock was set back', () => {
  const clock = fakeClock()
  const failures = createFailures(clock, 10_000)
  failures.put('a', SLOW)
  clock.advance(9999)
  assert.equal(failures.whyOf('a'), SLOW)
  clock.advance(1)
  assert.equal(failures.whyOf('a'), undefined)
  failures.put('b', SLOW)
  clock.advance(-1)
  assert.equal(failures.whyOf('b'), undefined)
})

void test('at most a hundred are known, the oldest go first', () => {
  const failures = createFailures(fakeClock(), 10_000)
  for (let n = 0; n < 150; n++) failures.put(`words${n}`, SLOW)
  const known = Array.from({ length: 150 }, (_, n) => n).filter((n) => failures.whyOf(`words${n}`) === SLOW)
  assert.deepEqual([known.length, known[0]], [100, 50])
})
