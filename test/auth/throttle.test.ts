import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { networkOf } from '../../src/auth/network.ts'
import { createThrottle } from '../../src/auth/throttle.ts'
import { MINUTE, SECOND } from '../../src/domain/clock.ts'
import { createRecent } from '../../src/domain/recent.ts'
import { fakeClock } from '../support/clock.ts'

function scene() {
  const clock = fakeClock()
  const throttle = createThrottle(clock)
  let guesses = 0
  const begin = (address: string, user?: string, isNeeded = true) =>
    throttle.begin({ address, user, isNeeded })
  const fail = (address: string, user?: string, isNeeded = true) =>
    begin(address, user, isNeeded).failed(`guess ${guesses++}`)
  /** Seconds to wait; 0 where it may be tried. */
  const wait = (address: string, user?: string, isNeeded = true): number => {
    try {
      begin(address, user, isNeeded).dropped()
      return 0
    } catch (error) {
      // The only error it throws.
      return (error as { retryAfter: number }).retryAfter
    }
  }
  return { clock, begin, fail, wait }
}

suite('wrong logins', () => {
  test('cost nothing five times, then a second, then twice as long each time, five minutes at most', () => {
    const { clock, fail, wait } = scene()
    for (let n = 0; n < 5; n++) {
      assert.equal(wait('192.0.2.1', 'x'), 0)
      fail('192.0.2.1', 'x')
    }
    const waits: number[] = []
    for (let n = 0; n < 12; n++) {
      waits.push(wait('192.0.2.1', 'x'))
      clock.advance((waits.at(-1) ?? 0) * SECOND)
      fail('192.0.2.1', 'x')
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
  })

  test('of one user from one address say nothing about others', () => {
    const { fail, wait } = scene()
    for (let n = 0; n < 5; n++) fail('192.0.2.1', 'x')
    assert.equal(wait('192.0.2.1', 'x'), 1)
    assert.equal(wait('192.0.2.1', 'y'), 0)
    assert.equal(wait('192.0.2.2', 'x'), 0)
  })

  test('of many users from one address slow the address', () => {
    const { fail, wait } = scene()
    for (let n = 0; n < 20; n++) fail('2001:db8:1:2::1', `user ${n}`)
    assert.equal(wait('2001:db8:1:2:ffff::9', 'another'), 1)
    assert.equal(wait('2001:db8:1:2::5'), 1)
    assert.equal(wait('2001:db8:1:3::1', 'another'), 0)
  })

  test('that are the same again are no further guesses', () => {
    const { begin, wait } = scene()
    const counted = Array.from({ length: 50 }, () => begin('192.0.2.1', 'x').failed('the same'))
    assert.deepEqual(counted, [true, ...Array<boolean>(49).fill(false)])
    const two = Array.from({ length: 50 }, (_, n) => begin('192.0.2.2').failed(`one of two: ${n % 2}`))
    assert.equal(two.filter((isFurther) => isFurther).length, 2, 'two machines with two old keys')
    assert.equal(wait('192.0.2.1', 'x'), 0)
  })

  test('that nothing hangs on say nothing about the address, and do not hear of it', () => {
    const { fail, wait } = scene()
    for (let n = 0; n < 50; n++) fail('192.0.2.1', `hub user ${n}`, false)
    assert.equal(wait('192.0.2.1', 'x'), 0)
    for (let n = 0; n < 5; n++) fail('192.0.2.1', 'x', false)
    assert.equal(wait('192.0.2.1', 'x', false), 1)
    assert.equal(wait('192.0.2.1', 'x'), 1)
    for (let n = 0; n < 20; n++) fail('192.0.2.1', `user ${n}`)
    assert.deepEqual([wait('192.0.2.1', 'y'), wait('192.0.2.1', 'y', false)], [1, 0])
  })

  test('are forgotten after a right one, for that user; for the address they are not', () => {
    const { begin, fail, wait } = scene()
    for (let n = 0; n < 4; n++) fail('192.0.2.1', 'x')
    begin('192.0.2.1', 'x').succeeded()
    for (let n = 0; n < 4; n++) fail('192.0.2.1', 'x')
    assert.equal(wait('192.0.2.1', 'x'), 0)
    for (let n = 0; n < 12; n++) fail('192.0.2.1', `user ${n}`)
    assert.equal(wait('192.0.2.1', 'z'), 1)
  })

  test('are forgotten after a quarter of an hour without one', () => {
    const { clock, fail, wait } = scene()
    for (let n = 0; n < 5; n++) fail('192.0.2.1', 'x')
    clock.advance(15 * MINUTE + 2 * SECOND)
    for (let n = 0; n < 4; n++) fail('192.0.2.1', 'x')
    assert.equal(wait('192.0.2.1', 'x'), 0)
  })

  test('lock nobody out for long when the clock is put back', () => {
    const { clock, fail, wait } = scene()
    for (let n = 0; n < 5; n++) fail('192.0.2.1', 'x')
    clock.advance(-3600 * SECOND)
    assert.equal(wait('192.0.2.1', 'x'), 300)
  })

  test('are no cheaper all at once', () => {
    const { begin } = scene()
    const begun = Array.from({ length: 5 }, () => begin('192.0.2.1', 'x'))
    assert.throws(() => begin('192.0.2.1', 'x'), { code: 'too_many_requests', retryAfter: 1 })
    begun[0]?.succeeded()
    begin('192.0.2.1', 'x').dropped()
  })

  test('from very many addresses push out the oldest, and no others', () => {
    const { fail, wait } = scene()
    for (let n = 0; n < 5; n++) fail('192.0.2.1', 'x')
    for (let n = 0; n < 9_999; n++) fail(`10.1.${n >> 8}.${n & 255}`, 'x')
    assert.equal(wait('192.0.2.1', 'x'), 1)
    fail('10.2.0.1', 'x')
    assert.equal(wait('192.0.2.1', 'x'), 1, 'to ask is to be seen')
    for (let n = 0; n < 10_000; n++) fail(`10.3.${n >> 8}.${n & 255}`, 'x')
    assert.equal(wait('192.0.2.1', 'x'), 0)
  })
})

test('a client is an IPv4 address or an IPv6 network', () => {
  const cases: Readonly<Record<string, string>> = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::ffff:c000:201': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:DB8:0001:2::9': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '::': '0:0:0:0::/64',
    '64:ff9b::192.0.2.1': '64:ff9b:0:0::/64',
    unknown: 'unknown',
    '': '',
  }
  for (const [address, network] of Object.entries(cases)) assert.equal(networkOf(address), network, address)
})

test('a bounded table loses what was put longest ago', () => {
  const recent = createRecent<number>(2)
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['a', 3],
    ['c', 4],
  ] as const)
    recent.put(key, value)
  assert.deepEqual([recent.get('a'), recent.get('b'), recent.get('c'), recent.size], [3, undefined, 4, 2])
})
