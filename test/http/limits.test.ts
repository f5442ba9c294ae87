import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { PRIVATE_NETWORKS } from '../../src/config/networks.ts'
import { HOUR, MINUTE, SECOND } from '../../src/domain/clock.ts'
import { AppError, type ErrorCode } from '../../src/domain/errors.ts'
import { type Charge, COSTS, type Cost, costOf } from '../../src/http/charge.ts'
import { createDebts } from '../../src/http/debts.ts'
import { createGenerations } from '../../src/http/generations.ts'
import { createLimits, type LimitSettings } from '../../src/http/limits.ts'
import { fakeClock } from '../support/clock.ts'

const PER_MINUTE: LimitSettings = { requests: { count: 600, perMs: MINUTE }, allow: [], deny: [] }
const A = '192.0.2.1'
const B = '192.0.2.2'

function scene(settings: Partial<LimitSettings> = {}) {
  const clock = fakeClock()
  const limits = createLimits({ ...PER_MINUTE, ...settings }, clock)
  const enter = (address = A): Charge => limits.enter(address)
  /** Requests of this cost, one after the other, until one is refused. */
  const spend = (cost: Cost, address = A): number => {
    for (let count = 0; ; count++) {
      const charge = tried(() => limits.enter(address))
      if (charge instanceof AppError) return count
      charge.settle(cost)
    }
  }
  /** Seconds to wait; 0 for who may enter, and that one costs nothing. */
  const wait = (address = A): number => {
    const charge = tried(() => limits.enter(address))
    if (!(charge instanceof AppError)) {
      charge.settle('cheap')
      return 0
    }
    assert.equal(charge.code, 'too_many_requests')
    assert.ok(charge.retryAfter !== undefined && Number.isInteger(charge.retryAfter))
    assert.ok(charge.retryAfter >= 1)
    return charge.retryAfter
  }
  return { clock, limits, enter, spend, wait }
}

function tried<T>(work: () => T): T | AppError {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof AppError)
    return error
  }
}

function codeOf(work: () => unknown): ErrorCode | undefined {
  const result = tried(work)
  return result instanceof AppError ? result.code : undefined
}

suite('a client', () => {
  test('may ask more often for what costs less', () => {
    const counts = (['cheap', 'plain', 'upstream', 'failedLogin'] as const).map((cost) => scene().spend(cost))
    // The last one needs room for what a request can cost.
    assert.deepEqual(counts, [2393, 599, 300, 120])
  })

  test('gets back what it may ask as time goes by, and no more than all of it', () => {
    const { clock, spend } = scene()
    spend('upstream')
    clock.advance(10 * SECOND)
    assert.equal(spend('upstream'), 50)
    clock.advance(HOUR)
    assert.equal(spend('upstream'), 300)
  })

  test('is one address, or 64 bits of IPv6, or all whose address nobody knows', () => {
    const { spend, wait } = scene()
    spend('upstream', A)
    assert.equal(wait(B), 0)
    assert.ok(wait(`::ffff:${A}`) > 0)
    spend('upstream', '2001:db8:1:2::1')
    assert.ok(wait('2001:db8:1:2:ffff::9') > 0)
    assert.equal(wait('2001:db8:1:3::1'), 0)
    spend('upstream', 'unknown')
    assert.ok(wait('unknown') > 0)
    assert.equal(wait(''), 0)
  })

  test('pays in advance for what runs, so that many at once are no cheaper', () => {
    const { enter, spend } = scene()
    const running = Array.from({ length: 300 }, () => enter())
    assert.equal(
      codeOf(() => enter()),
      'too_many_requests',
    )
    for (const charge of running) charge.settle('cheap')
    for (const charge of running) charge.settle('failedLogin')
    // What was settled stays settled: 300 cheap ones are 75 plain ones.
    assert.equal(300 * COSTS.cheap, 75)
    assert.equal(spend('plain'), 599 - 75)
  })

  test('of a small allowance gets each of its requests', () => {
    for (const cost of ['cheap', 'plain', 'upstream', 'failedLogin'] as const) {
      const { clock, enter, wait } = scene({ requests: { count: 1, perMs: 10 * SECOND } })
      for (let i = 0; i < 20; i++) {
        enter().settle(cost)
        const seconds = wait()
        assert.ok(seconds <= 10)
        clock.advance(10 * SECOND)
      }
    }
  })

  test('waits no longer than the whole allowance takes to come back, whatever it did', () => {
    const { clock, enter, wait } = scene()
    const running = Array.from({ length: 300 }, () => enter())
    for (const charge of running) charge.settle('failedLogin')
    assert.equal(wait(), 60)
    clock.advance(59 * SECOND)
    assert.equal(wait(), 1)
    clock.advance(SECOND)
    assert.equal(wait(), 0)
  })
})

suite('Retry-After', () => {
  test('is never too short, and never longer than needed by more than a second', () => {
    const costs = fc.constantFrom<Cost>('cheap', 'plain', 'upstream', 'failedLogin')
    const steps = fc.array(fc.tuple(costs, fc.nat(2 * SECOND)), { maxLength: 60 })
    const rates = fc.record({
      count: fc.integer({ min: 1, max: 1000 }),
      perMs: fc.constantFrom(SECOND, MINUTE, HOUR),
    })
    fc.assert(
      fc.property(rates, steps, (requests, taken) => {
        const { clock, limits, spend, wait } = scene({ requests })
        for (const [cost, pause] of taken) {
          clock.advance(pause)
          const charge = tried(() => limits.enter(A))
          if (!(charge instanceof AppError)) charge.settle(cost)
        }
        spend('upstream')
        const seconds = wait()
        assert.ok(seconds >= 1 && seconds <= requests.perMs / SECOND)
        const early = Math.max(0, (seconds - 1) * SECOND - 1)
        clock.advance(early)
        assert.ok(wait() > 0)
        clock.advance(seconds * SECOND - early)
        assert.equal(wait(), 0)
      }),
      { numRuns: 300 },
    )
  })
})

suite('a clock', () => {
  test('that is put back locks nobody out and gives nothing', () => {
    const { clock, enter, spend, wait } = scene()
    enter().settle('upstream')
    clock.advance(-HOUR)
    assert.equal(wait(), 0)
    spend('upstream')
    const before = wait()
    clock.advance(-HOUR)
    assert.equal(wait(), before)
    clock.advance(before * SECOND)
    assert.equal(wait(), 0)
  })

  test('that goes wild never keeps anybody out for longer than the allowance takes', () => {
    const jumps = fc.array(fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), { maxLength: 20 })
    fc.assert(
      fc.property(jumps, (moves) => {
        const { clock, spend, wait } = scene()
        for (const move of moves) {
          spend('failedLogin')
          clock.advance(move)
          assert.ok(wait() <= 60)
        }
        clock.advance(MINUTE)
        assert.equal(wait(), 0)
      }),
      { numRuns: 50 },
    )
  })
})

suite('networks', () => {
  test('that are allowed are never limited, and those that are denied are refused all the same', () => {
    const { enter, limits } = scene({ allow: PRIVATE_NETWORKS, deny: ['10.1.0.0/16', '2001:db8::/32'] })
    for (let i = 0; i < 2000; i++) enter('10.2.0.1').settle('failedLogin')
    for (const address of ['10.1.0.1', '::ffff:10.1.0.1', '2001:db8:7::1']) {
      const refused = tried(() => limits.enter(address))
      assert.ok(refused instanceof AppError && refused.code === 'denied')
      assert.match(refused.message, /configuration.*limits\.deny/)
    }
    for (const address of ['fe80::1%eth0', 'fd00::1', '127.0.0.1', 'unknown']) enter(address).settle('cheap')
  })

  test('that are denied are refused where nothing is limited, too', () => {
    const { enter, spend, limits } = scene({ requests: undefined, deny: [`${A}/32`] })
    assert.equal(
      codeOf(() => enter(A)),
      'denied',
    )
    for (let i = 0; i < 5000; i++) enter(B).settle('failedLogin')
    limits.update(PER_MINUTE)
    assert.equal(spend('upstream', A), 300)
  })

  test('owe what they owe after the configuration changed', () => {
    const { clock, enter, limits, spend, wait } = scene()
    spend('upstream')
    limits.update({ ...PER_MINUTE, allow: [`${B}/32`] })
    assert.ok(wait() > 0)
    limits.update({ ...PER_MINUTE, allow: [`${A}/32`] })
    assert.equal(wait(), 0)
    limits.update({ ...PER_MINUTE, requests: { count: 10, perMs: SECOND } })
    const running = tried(() => enter(B))
    limits.update({ ...PER_MINUTE, requests: undefined })
    if (!(running instanceof AppError)) running.settle('failedLogin')
    limits.update({ ...PER_MINUTE, requests: { count: 10, perMs: SECOND } })
    assert.equal(wait(), 1, 'no longer than this allowance takes')
    clock.advance(SECOND)
    assert.equal(wait(), 0)
  })
})

suite('a flood of clients', () => {
  /** Each is a network of its own; the IPv6 ones are those of somebody who was given many. */
  const stranger = (i: number): string => `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`

  test('pushes out nobody who has to wait', () => {
    const { clock, enter, spend, wait } = scene()
    spend('upstream', A)
    for (let i = 0; i < 60_000; i++) {
      enter(stranger(i)).settle('upstream')
      if (i % 10_000 === 0) assert.ok(wait(A) > 0)
    }
    assert.ok(wait(A) > 0)
    clock.advance(SECOND)
    assert.equal(spend('upstream', A), 5)
  })

  test('leaves in place whoever owes more than most of it does', () => {
    const { enter, spend, wait } = scene()
    for (let i = 0; i < 40; i++) enter(A).settle('upstream')
    for (let i = 0; i < 30_000; i++) {
      enter(stranger(i)).settle('upstream')
      enter(stranger(i)).settle('failedLogin')
    }
    assert.equal(spend('upstream', A), 260)
    assert.ok(wait(A) > 0)
  })

  test('that ran up debts makes way once they are over, before anybody who still owes', () => {
    const { clock, enter, wait, spend } = scene()
    for (let i = 0; i < 10_000; i++) enter(stranger(i)).settle('failedLogin')
    clock.advance(SECOND)
    spend('upstream', A)
    for (let i = 10_000; i < 30_000; i++) enter(stranger(i)).settle('cheap')
    assert.ok(wait(A) > 0)
  })
})

suite('what is remembered of clients', () => {
  test('is bounded, and never wiped while anything is owed', () => {
    const debts = createDebts()
    for (let i = 0; i < 50_000; i++) {
      debts.put(`network ${i}`, 1000, 0)
      assert.ok(debts.size <= 10_000 && debts.size >= Math.min(i, 9000), String(debts.size))
    }
    debts.put('one more', 5, 2000)
    for (let i = 0; i < 1000; i++) debts.put(`later ${i}`, 1, 2000)
    assert.ok(debts.size < 2100, 'who owes nothing any more made way')
    assert.equal(debts.get('one more', 2000), 5)
  })

  test('of addresses is bounded too, and keeps those that come back', () => {
    const known = createGenerations<number>(100)
    for (let i = 0; i < 1000; i++) {
      known.put(`address ${i}`, i)
      if (i % 50 === 0) assert.ok(i === 0 || known.get('address 0') === 0)
    }
    const kept = Array.from({ length: 1000 }, (_, i) => known.get(`address ${i}`)).filter(
      (value) => value !== undefined,
    )
    assert.ok(kept.length <= 200)
    known.clear()
    assert.equal(known.get('address 0'), undefined)
  })
})

suite('what a request costs', () => {
  const ending = { outcome: undefined, error: undefined, hasCredentials: false } as const

  test('follows from how it came about', () => {
    const costs = (['hit', 'stale', 'joined', 'revalidated', 'miss', 'bypass'] as const).map((outcome) =>
      costOf({ ...ending, outcome }),
    )
    assert.deepEqual(costs, ['cheap', 'cheap', 'plain', 'plain', 'upstream', 'upstream'])
    assert.equal(costOf(ending), 'cheap')
  })

  test('is that of an upstream’s work where an upstream said no', () => {
    const cost = (code: ErrorCode, hasCredentials = false) =>
      costOf({ ...ending, error: new AppError(code), hasCredentials })
    for (const code of ['manifest_unknown', 'blob_unknown', 'upstream_timeout', 'upstream_denied'] as const)
      assert.equal(cost(code), 'upstream')
    for (const code of ['bad_request', 'name_unknown', 'denied', 'internal', 'too_many_requests'] as const)
      assert.equal(cost(code, true), 'plain')
    assert.equal(cost('unauthorized', true), 'failedLogin')
    assert.equal(cost('unauthorized'), 'cheap', 'who is asked for a password has guessed none')
  })
})
