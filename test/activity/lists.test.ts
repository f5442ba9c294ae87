import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClients } from '../../src/activity/clients.ts'
import { createRates } from '../../src/activity/rates.ts'
import { type Answered, createRequests } from '../../src/activity/requests.ts'
import { splitName } from '../../src/activity/running.ts'
import { fakeClock } from '../support/clock.ts'
import { stage } from './support.ts'

suite('the last requests:', () => {
  const fill = (count: number, most: number) => {
    const requests = createRequests(most)
    const { activity, answer } = stage()
    answer({})
    const [one] = activity.requests.page({ matches: () => true, limit: 1 }).items
    assert.ok(one)
    for (let n = 0; n < count; n++) requests.add({ ...one, id: String(n), status: n % 2 === 0 ? 200 : 404 })
    return requests
  }
  const all = () => true
  const ids = (items: readonly Answered[]) => items.map(({ id }) => Number(id))

  test('the latest first, page by page, each once', () => {
    const requests = fill(25, 10)
    const first = requests.page({ matches: all, limit: 4 })
    assert.deepEqual(ids(first.items), [24, 23, 22, 21])
    const second = requests.page({ matches: all, limit: 4, cursor: first.nextCursor })
    assert.deepEqual(ids(second.items), [20, 19, 18, 17])
    const third = requests.page({ matches: all, limit: 4, cursor: second.nextCursor })
    assert.deepEqual([ids(third.items), third.nextCursor], [[16, 15], undefined])
  })

  test('pages hold while more come, and end where memory does', () => {
    const requests = fill(25, 10)
    const { nextCursor, items } = requests.page({ matches: all, limit: 4 })
    const [one] = items
    assert.ok(one)
    for (let n = 25; n < 29; n++) requests.add({ ...one, id: String(n) })
    assert.deepEqual(ids(requests.page({ matches: all, limit: 9, cursor: nextCursor }).items), [20, 19])
    for (let n = 29; n < 60; n++) requests.add({ ...one, id: String(n) })
    assert.deepEqual(requests.page({ matches: all, limit: 9, cursor: nextCursor }), {
      items: [],
      nextCursor: undefined,
    })
  })

  test('filters count what they show', () => {
    const requests = fill(20, 100)
    const page = requests.page({ matches: ({ status }) => status === 404, limit: 3 })
    assert.deepEqual(ids(page.items), [19, 17, 15])
    assert.equal(page.nextCursor, '15', 'the last one that is shown, whatever lies behind it')
    const rest = requests.page({ matches: ({ status }) => status === 404, limit: 7, cursor: '15' })
    assert.deepEqual([ids(rest.items), rest.nextCursor], [[13, 11, 9, 7, 5, 3, 1], undefined])
    assert.deepEqual(requests.page({ matches: all, limit: 1, cursor: 'x' }).items, [])
  })

  test('a long name or agent is kept short, and alone', () => {
    const { activity, answer } = stage()
    answer({ query: 'x'.repeat(10_000), agent: 'a'.repeat(9000), ref: 't'.repeat(2000) })
    const [one] = activity.requests.page({ matches: all, limit: 1 }).items
    assert.ok((one?.name.length ?? 9999) <= 400)
    assert.equal(one?.userAgent.length, 256)
  })
})

suite('clients:', () => {
  test('each program of each machine, with what it did last', () => {
    const { activity, answer, later } = stage()
    answer({})
    later(5)
    answer({ agent: 'skopeo/1.9' }, { error: { code: 'denied' } })
    answer({}, {})
    const [first, second] = activity.clients()
    assert.deepEqual([first?.requests, first?.lastStatus], [2, 200])
    assert.equal(second?.userAgent, 'skopeo/1.9')
    assert.equal((first?.lastSeen ?? 0) - (first?.firstSeen ?? 0), 5000)
  })

  test('the table is bounded, and nobody floods it with names', () => {
    const clients = createClients(100)
    clients.seen('home', 'docker/1', 0)
    for (let n = 0; n < 90; n++) clients.seen('evil', `agent ${n}`, n)
    assert.equal(clients.list().filter(({ address }) => address === 'evil').length, 16)
    assert.ok(clients.list().some(({ address }) => address === 'home'))
    for (let n = 0; n < 1000; n++) clients.seen(`10.0.${n >> 8}.${n & 255}`, 'x', 1000 + n)
    const list = clients.list()
    assert.ok(list.length <= 100, `${list.length}`)
    assert.equal(list[0]?.address, '10.0.3.231')
    assert.equal(new Set(list).size, list.length)
    assert.equal(clients.seen('10.0.3.231', 'x', 5000), list[0], 'still the same one')
  })
})

suite('rates:', () => {
  test('look back five seconds, however often somebody looks', () => {
    const clock = fakeClock()
    const rates = createRates(clock)
    const thing = {}
    const begin = clock()
    assert.equal(rates.of(thing, 0, begin), 0)
    for (let n = 1; n <= 100; n++) {
      clock.advance(100)
      const rate = rates.of(thing, n * 1000, begin)
      assert.ok(rate > 9000 && rate < 11_000, `${rate} at ${n}`)
    }
    clock.advance(20_000)
    const slow = rates.of(thing, 100_000, begin)
    assert.ok(slow < 5000)
    clock.advance(6000)
    assert.equal(rates.of(thing, 100_000, begin), 0)
  })

  test('without a begin the first look knows nothing; less than before is not less than nothing', () => {
    const clock = fakeClock()
    const rates = createRates(clock)
    const thing = {}
    assert.equal(rates.of(thing, 5_000_000), 0)
    clock.advance(1000)
    assert.equal(rates.of(thing, 5_001_000), 1000)
    clock.advance(1000)
    assert.equal(rates.of(thing, 0), 0)
  })
})

test('names come apart where people put them together', () => {
  assert.deepEqual(splitName('docker.io/library/a:1'), { repository: 'docker.io/library/a', reference: '1' })
  assert.deepEqual(splitName('reg:5000/a'), { repository: 'reg:5000/a', reference: undefined })
  assert.deepEqual(splitName('reg:5000/a:x'), { repository: 'reg:5000/a', reference: 'x' })
  assert.deepEqual(splitName('g/a@sha256:0'), { repository: 'g/a', reference: 'sha256:0' })
})
