import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide, type Standing } from '../../src/acme/decision.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'

const NOW = Date.UTC(2026, 5, 1)
const WISH = { domains: ['a.example', 'b.example'], directory: 'https://ca.example/dir' }

function standing(more: Partial<Standing> = {}, ageDays = 1, lifeDays = 90): Standing {
  const validFrom = NOW - ageDays * DAY
  const certificate = { names: ['b.example', 'a.example'], validFrom, validTo: validFrom + lifeDays * DAY }
  return { certificate, directory: WISH.directory, failures: 0, failedAt: 0, ...more }
}

describe('the decision', () => {
  for (const [what, given, why] of [
    ['there is none', standing({ certificate: undefined }), 'missing'],
    ['more than two thirds of its time are over', standing({}, 61), 'due'],
    ['it has ended', standing({}, 100), 'due'],
    ['it came from another authority', standing({ directory: 'https://staging.example/dir' }), 'authority'],
  ] as const) {
    test(`asks when ${what}`, () => {
      assert.deepEqual(decide(given, WISH, NOW), { kind: 'obtain', why })
    })
  }

  test('asks when a name came or went, and not when only their order did', () => {
    const more = { ...WISH, domains: ['a.example', 'b.example', 'c.example'] }
    assert.deepEqual(decide(standing(), more, NOW), { kind: 'obtain', why: 'names' })
    const fewer = { ...WISH, domains: ['a.example'] }
    assert.deepEqual(decide(standing(), fewer, NOW), { kind: 'obtain', why: 'names' })
    assert.equal(decide(standing(), WISH, NOW).kind, 'wait')
  })

  test('looks again in a day, or when a short-lived one is due, and never at once', () => {
    assert.deepEqual(decide(standing(), WISH, NOW), { kind: 'wait', until: NOW + DAY })
    assert.deepEqual(decide(standing({}, 0, 1), WISH, NOW), { kind: 'wait', until: NOW + 16 * HOUR })
    assert.deepEqual(decide(standing({}, 0, 0.01), WISH, NOW), { kind: 'wait', until: NOW + HOUR })
  })

  test('waits 1, 4, 12, and then 24 hours after failures', () => {
    for (const [failures, hours] of [
      [1, 1],
      [2, 4],
      [3, 12],
      [4, 24],
      [9, 24],
    ] as const) {
      const failed = standing({ certificate: undefined, failures, failedAt: NOW })
      assert.deepEqual(decide(failed, WISH, NOW), { kind: 'wait', until: NOW + hours * HOUR })
      assert.deepEqual(decide(failed, WISH, NOW + hours * HOUR), { kind: 'obtain', why: 'missing' })
    }
  })

  test('a clock that was set back keeps nobody waiting for longer than a day', () => {
    const failed = standing({ certificate: undefined, failures: 4, failedAt: NOW + 1000 * DAY })
    assert.deepEqual(decide(failed, WISH, NOW), { kind: 'wait', until: NOW + DAY })
  })
})
