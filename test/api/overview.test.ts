import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Overview, Series } from '../../src/api/contract-activity.ts'
import { seriesOf, totalOf, windowOf } from '../../src/api/range.ts'
import { createMinutes } from '../../src/db/minutes.ts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { addBlob, assertNoParts, blobPath, eventually, manifestPath } from '../e2e/support.ts'
import { pullImage } from '../jobs/support.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { get } from './live-support.ts'

const RANGES = ['1h', '24h', '7d', '30d'] as const
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)

suite('overview', () => {
  test('of a new cache is honest about what it does not know', async (t) => {
    const { cache } = await startPair(t, { config: { storage: { max_size: '1GiB' } } })
    const found = await get<Overview>(cache, '/overview')
    assert.deepEqual([found.range, found.hit, found.hitBefore], ['24h', {}, {}])
    assert.deepEqual([found.images, found.repositories, found.mostServed], [0, 0, []])
    assert.deepEqual(found.active, { pulls: 0, toClients: 0, fromUpstreams: 0 })
    assert.equal(found.disk.maxSize, 1024 ** 3)
    await get(cache, '/overview?range=2h', {}, 400)
    await get(cache, '/series?range=1y', {}, 400)
  })

  test('and series say the same of every range, and what is older moves back', async (t) => {
    const clock = fakeClock(Date.UTC(2026, 5, 15, 10, 30))
    const { hub, cache } = await startPair(t, { clock })
    const image = hub.addImage('library/app', { tags: ['1'], layers: [600_000] })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    const layer = image.layers[0] ?? assert.fail()
    const seen = async (range: string) => await get<Overview>(cache, `/overview?range=${range}`)
    await eventually('all of it landed', async () => (await seen('1h')).fetched.bytes > 600_000)
    for (let n = 0; n < 3; n++) await cache.fetch(blobPath(layer.digest))
    for (const range of RANGES) {
      const found = await seen(range)
      const series = await get<Series>(cache, `/series?range=${range}`)
      assert.equal(found.served.requests, 6, range)
      assert.ok(found.served.bytes > 4 * 600_000 && found.served.bytes < 4 * 600_000 + 20_000)
      assert.ok(found.fetched.bytes > 600_000 && found.fetched.bytes < 620_000, `${found.fetched.bytes}`)
      assert.equal(found.hit.requests, 3 / 6)
      assert.ok((found.hit.bytes ?? 0) > 0.74 && (found.hit.bytes ?? 0) < 0.76)
      assert.deepEqual(found.hitBefore, {})
      assert.deepEqual(
        [sum(series.served), sum(series.fetched), sum(series.requests), sum(series.hits)],
        [found.served.bytes, found.fetched.bytes, 6, 3],
      )
      assert.equal(series.served.at(-1), found.served.bytes)
      assert.ok(series.start + series.step * series.served.length > clock())
    }
    clock.advance(HOUR)
    assert.equal((await seen('1h')).served.requests, 0)
    assert.equal((await seen('1h')).hitBefore.requests, 0.5)
    assert.equal((await seen('24h')).served.requests, 6)
    clock.advance(DAY)
    assert.deepEqual([(await seen('24h')).hitBefore.requests, (await seen('7d')).hit.requests], [0.5, 0.5])
    clock.advance(30 * DAY)
    assert.deepEqual([(await seen('30d')).served.requests, (await seen('30d')).hitBefore.requests], [0, 0.5])
  })

  test('names what is big, used, and idle; counts for users what they may pull', async (t) => {
    const rule = [{ effect: 'deny', match: ['docker.io/library/hidden'], users: ['bob'] }]
    const { hub, cache } = await startGuarded(t, { auth: { anonymous_pull: 'all' }, rule })
    for (const [repo, size] of [
      ['library/small', 1000],
      ['library/big', 90_000],
      ['library/hidden', 500_000],
    ] as const) {
      const image = hub.addImage(repo, { tags: ['1'], layers: [size] })
      await pullImage(cache, image, { repo, tag: '1' })
    }
    await cache.fetch(manifestPath('1', 'library/small'))
    await assertNoParts(cache.dataDir)
    const all = await get<Overview>(cache, '/overview', as('carol'))
    assert.deepEqual([all.repositories, all.images, all.biggest[0]?.name], [3, 3, 'docker.io/library/hidden'])
    assert.equal(all.mostServed[0]?.name, 'docker.io/library/small')
    const own = await get<Overview>(cache, '/overview', as('bob'))
    assert.deepEqual([own.repositories, own.images], [2, 2])
    assert.deepEqual(
      own.biggest.map(({ name }) => name),
      ['docker.io/library/big', 'docker.io/library/small'],
    )
    assert.equal(own.active.pulls, all.active.pulls - 1)
  })

  test('asks no upstream', async (t) => {
    const { hub, cache } = await startPair(t)
    for (const path of ['/overview', '/series', '/live', '/requests', '/clients', '/upstreams'])
      await get(cache, path)
    assert.equal(hub.requests.count({}), 0)
  })
})

suite('attention', () => {
  const codesOf = (found: Overview) => found.attention.map(({ code, severity }) => `${code} ${severity}`)

  test('comes from facts, and goes with them', async (t) => {
    const scene = await startGuarded(t, {
      fake: { rateLimit: { limit: 100, remaining: 50, window: 21_600 } },
    })
    const { hub, cache, clock, users } = scene
    const found = async (name: string) => {
      clock.advance(6 * SECOND)
      return codesOf(await get<Overview>(cache, '/overview', as(name)))
    }
    assert.deepEqual(await found('alice'), [])
    await writeFile(
      users,
      `${bcryptLine('alice', 'wonder')}${bcryptLine('bob', 'builder')}old:$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00\n`,
    )
    clock.advance(2 * SECOND)
    assert.deepEqual(await found('alice'), ['users_with_old_hashes warn'])
    assert.deepEqual(await found('bob'), [])
    hub.addImage('library/app', { tags: ['1'] })
    assert.ok(hub.rateLimit)
    hub.rateLimit.remaining = 5
    await cache.fetch(manifestPath('1'), { headers: as('bob') })
    assert.deepEqual(await found('bob'), ['pulls_nearly_used_up warn'])
    clock.advance(21_600 * SECOND)
    assert.deepEqual(await found('bob'), [])
    await hub.stop()
    for (let n = 0; n < 3; n++) await cache.fetch(manifestPath(`no-${n}`), { headers: as('bob') })
    assert.deepEqual(await found('bob'), ['upstream_down error'])
    await hub.start()
    hub.rateLimit.remaining = 50
    clock.advance(MINUTE)
    await cache.fetch(manifestPath('1'), { headers: as('bob') })
    await cache.fetch(manifestPath('no-9'), { headers: as('bob') })
    assert.deepEqual(await found('bob'), [])
  })

  test('a full budget and what was quarantined', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { storage: { max_size: '1MiB', evict_to: '90%' } },
    })
    const blob = addBlob(hub, 1_000_000)
    await cache.fetch(blobPath(blob.digest))
    await eventually('it is on disk', async () => {
      clock.advance(6 * SECOND)
      return codesOf(await get<Overview>(cache, '/overview')).join() === 'disk_nearly_full warn'
    })
    await writeFile(join(cache.dataDir, 'quarantine', `${'0'.repeat(64)}.1`), 'x'.repeat(5000))
    clock.advance(6 * SECOND)
    const later = (await get<Overview>(cache, '/overview')).attention.find(
      ({ code }) => code === 'quarantined',
    )
    assert.deepEqual([later?.params['count'], later?.severity], [1, 'warn'])
  })
})

suite('ranges', () => {
  test('end with the step that is not over, and meet the one before', () => {
    const now = Date.UTC(2026, 2, 29, 1, 59, 30)
    for (const range of RANGES) {
      const { before, from, to, step, steps } = windowOf(range, now)
      assert.equal(to - from, steps * step)
      assert.equal(from - before, to - from)
      assert.ok(to > now && to - now <= HOUR, range)
    }
  })

  test('traffic outside of a range is left out, whatever the clock did', () => {
    const window = windowOf('1h', Date.UTC(2026, 0, 1, 12))
    const sums = { requests: 1, bytes: 10, hits: 1, hitBytes: 10, fetches: 0, fetched: 0 }
    const traffic = [window.before, window.from, window.to - MINUTE, window.to, window.to + DAY].map(
      (at) => ({
        at,
        ...sums,
      }),
    )
    assert.equal(sum(seriesOf(window, traffic).requests), 2)
    assert.equal(totalOf(traffic, window.from, window.to).bytes, 20)
  })

  test('minutes keep two hours and no more', () => {
    const minutes = createMinutes()
    const begin = Date.UTC(2026, 0, 1)
    for (let n = 0; n < 500; n++)
      minutes.add({ outcome: n % 2 === 0 ? 'hit' : 'bypass', bytes: 1, at: begin + n * MINUTE })
    const kept = minutes.since(0)
    assert.ok(kept.length >= 120 && kept.length <= 121)
    assert.deepEqual(kept.at(-1), {
      at: begin + 499 * MINUTE,
      requests: 1,
      bytes: 1,
      hits: 0,
      hitBytes: 0,
      fetches: 1,
      fetched: 1,
    })
    assert.equal(minutes.since(begin + 490 * MINUTE).length, 10)
  })
})
