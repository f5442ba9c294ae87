import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { createBreaker } from '../../src/upstream/health.ts'
import { fakeClock } from '../support/clock.ts'

function breaker() {
  const clock = fakeClock()
  const made = createBreaker('hub', clock)
  return {
    ...made,
    clock,
    fail: (fault: 'timeout' | 'fast' | 'impatient' | 'none') => made.enter(true).failed(fault, 'words'),
  }
}

function refusal(enter: () => unknown): AppError {
  try {
    enter()
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'upstream_unreachable')
    return error
  }
  return assert.fail('was let through')
}

test('one timeout opens it', () => {
  const { fail, state, enter } = breaker()
  assert.equal(state(), 'closed')
  fail('timeout')
  assert.equal(state(), 'open')
  const error = refusal(() => enter(true))
  assert.equal(error.retryAfter, 1)
  assert.deepEqual(error.detail, { upstream: 'hub', said: 'not asked again yet: words' })
})

test('fast faults open it as the third in a row within ten seconds', () => {
  const { fail, state, enter, clock } = breaker()
  fail('fast')
  fail('fast')
  enter(true).answered(5)
  fail('fast')
  fail('fast')
  assert.equal(state(), 'closed')
  clock.advance(10_001)
  fail('fast')
  assert.equal(state(), 'closed')
  fail('fast')
  fail('fast')
  assert.equal(state(), 'open')
})

test('other failures say nothing', () => {
  const { fail, state } = breaker()
  for (let i = 0; i < 10; i++) fail('none')
  assert.equal(state(), 'closed')
})

test('it rests 1, 2, 4, 8, 15 and 15 seconds while probes fail, and 1 again after an answer', () => {
  const { fail, state, enter, clock } = breaker()
  fail('timeout')
  for (const seconds of [1, 2, 4, 8, 15, 15]) {
    clock.advance(seconds * 1000 - 1)
    assert.equal(state(), 'open')
    assert.equal(refusal(() => enter(true)).retryAfter, 1)
    clock.advance(1)
    assert.equal(state(), 'due')
    enter(true).failed(seconds === 4 ? 'fast' : 'timeout', undefined)
  }
  clock.advance(15_000)
  enter(true).answered(3)
  assert.equal(state(), 'closed')
  fail('timeout')
  clock.advance(1000)
  assert.equal(state(), 'due')
})

test('one probe at a time; one that leaves makes room', () => {
  const { fail, state, enter, clock } = breaker()
  fail('timeout')
  clock.advance(1000)
  const probe = enter(true)
  assert.equal(state(), 'open')
  refusal(() => enter(true))
  probe.leave()
  assert.equal(state(), 'due')
  const next = enter(true)
  probe.leave()
  refusal(() => enter(true))
  next.answered(1)
  next.leave()
  assert.equal(state(), 'closed')
})

test('requests that were under way when it opened do not prolong the rest, but may end it', () => {
  const { state, enter, clock } = breaker()
  const [first, second, third] = [enter(true), enter(true), enter(true)]
  first.failed('timeout', undefined)
  clock.advance(900)
  second.failed('timeout', undefined)
  clock.advance(100)
  assert.equal(state(), 'due')
  third.answered(1)
  assert.equal(state(), 'closed')
})

test('impatience stops the impatient only, until a real timeout stops all', () => {
  const { fail, state, enter, clock } = breaker()
  fail('impatient')
  assert.equal(state(), 'open')
  refusal(() => enter(false))
  enter(true).leave()
  fail('timeout')
  refusal(() => enter(true))
  clock.advance(1000)
  enter(true).answered(1)
  enter(false).leave()
})

test('a clock that goes back does not keep it open', () => {
  const { fail, state, clock } = breaker()
  fail('timeout')
  clock.advance(-10 * 86_400_000)
  assert.equal(state(), 'due')
})

test('patience follows what the upstream usually takes, between 250 and 800 ms', () => {
  const { enter, patience } = breaker()
  assert.equal(patience(), 800)
  enter(true).answered(10)
  assert.equal(patience(), 250)
  for (let i = 0; i < 50; i++) enter(true).answered(100)
  assert.equal(patience(), 450)
  for (let i = 0; i < 50; i++) enter(true).answered(5000)
  assert.equal(patience(), 800)
})
