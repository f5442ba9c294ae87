import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { assertSettled, drain, drainedOf, landed, startFileEngine } from './file-engine.ts'

const OLD = randomBytesFrom(1, 900_000)
const NEW = randomBytesFrom(2, 900_000)

suite('a file that is due', () => {
  const lastModified = 'Mon, 05 Jan 2026 10:00:00 GMT'
  const same = [
    { name: 'by a strong ETag', before: { etag: '"a"' }, after: { etag: '"a"' } },
    { name: 'by a weak ETag', before: { etag: 'W/"a"' }, after: { etag: 'W/"a"' } },
    { name: 'by an ETag that became weak', before: { etag: '"a"' }, after: { etag: 'W/"a"' } },
    {
      name: 'by Last-Modified and length',
      before: { headers: { 'Last-Modified': lastModified } },
      after: { headers: { 'Last-Modified': lastModified } },
    },
  ]
  for (const { name, before, after } of same) {
    test(`is confirmed ${name}, without a body`, async (t) => {
      const engine = await startFileEngine(t)
      const { files, cache, clock } = engine
      files.put('/f', { content: OLD, ...before })
      assert.deepEqual(await drain(await cache.open(engine.mutable('f'))), drainedOf(OLD))
      await landed(engine)
      files.put('/f', { content: OLD, ...after })
      clock.advance(2 * MINUTE)
      const again = await cache.open(engine.mutable('f'))
      assert.equal(again.outcome, 'revalidated')
      assert.deepEqual(await drain(again), drainedOf(OLD))
      assert.equal((await cache.open(engine.mutable('f'))).outcome, 'hit')
      assert.equal(files.requests.count({ method: 'GET' }), 1)
      assert.equal(files.requests.count({ method: 'HEAD' }), 1)
    })
  }

  const moved = [
    { name: 'another ETag', before: { etag: '"a"' }, after: { etag: '"b"' }, content: NEW },
    { name: 'no validators', before: {}, after: {}, content: NEW },
    {
      name: 'the same Last-Modified and another length',
      before: { headers: { 'Last-Modified': lastModified } },
      after: { headers: { 'Last-Modified': lastModified } },
      content: NEW.subarray(1),
    },
  ]
  for (const { name, before, after, content } of moved) {
    test(`is replaced when it has ${name}`, async (t) => {
      const engine = await startFileEngine(t)
      const { files, cache, clock } = engine
      files.put('/f', { content: OLD, ...before })
      await drain(await cache.open(engine.mutable('f')))
      await landed(engine)
      files.put('/f', { content, ...after })
      clock.advance(2 * MINUTE)
      const fresh = await cache.stat(engine.mutable('f'))
      assert.deepEqual([fresh.outcome, fresh.size], ['miss', content.length])
      const again = await cache.open(engine.mutable('f'))
      assert.equal(again.outcome, 'miss')
      assert.deepEqual(await drain(again), drainedOf(content))
      await landed(engine)
      const last = await cache.open(engine.mutable('f'))
      assert.equal(last.outcome, 'hit')
      assert.deepEqual(await drain(last), drainedOf(content))
      await assertSettled(engine)
    })
  }

  test('moved and cannot be fetched: the old one is served stale, with the reason', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    files.put('/f', { content: NEW, etag: '"b"' })
    clock.advance(2 * MINUTE)
    files.faults.add({ when: { method: 'GET' }, fault: { status: 500 } })
    const stale = await cache.open(engine.mutable('f'))
    assert.equal(stale.outcome, 'stale')
    assert.match(stale.warning ?? '', /files\.test answered 500/)
    assert.deepEqual(await drain(stale), drainedOf(OLD))
    files.faults.clear()
    assert.deepEqual(await drain(await cache.open(engine.mutable('f'))), drainedOf(NEW))
    await assertSettled(engine)
  })

  test('moved and is fetched once for all, who join it without asking', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    files.requests.clear()
    files.put('/f', { content: NEW, etag: '"b"' })
    files.bandwidth = 2_000_000
    clock.advance(2 * MINUTE)
    const first = await cache.open(engine.mutable('f'))
    const others = await Promise.all([1, 2, 3, 4].map(() => cache.open(engine.mutable('f'))))
    assert.deepEqual(new Set(others.map(({ outcome }) => outcome)), new Set(['joined']))
    for (const content of [first, ...others]) assert.deepEqual(await drain(content), drainedOf(NEW))
    assert.equal(files.requests.count({ method: 'GET' }), 1)
    assert.equal(files.requests.count({ method: 'HEAD' }), 1)
  })

  test('is served stale while its host is down, and not beyond its time', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    await files.stop()
    clock.advance(2 * MINUTE)
    const stale = await cache.open(engine.mutable('f'))
    assert.equal(stale.outcome, 'stale')
    assert.deepEqual(await drain(stale), drainedOf(OLD))
    clock.advance(61 * MINUTE)
    await assert.rejects(cache.open(engine.mutable('f')), { code: 'upstream_unreachable' })
  })

  test('is kept or forgotten when its host has it no more', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    files.remove('/f')
    clock.advance(2 * MINUTE)
    assert.equal((await cache.open(engine.mutable('f'))).outcome, 'stale')
    const want = engine.mutable('f')
    assert.equal(want.freshness.kind, 'revalidate')
    const follow = { ...want, freshness: { ...want.freshness, whenDeleted: 'follow' } as const }
    await assert.rejects(cache.open(follow), { code: 'not_found' })
    assert.equal(engine.index.entries.find(want.key), undefined)
  })

  test('that rules forbid to keep passes by, and is served stale while its host is down', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    clock.advance(2 * MINUTE)
    const passing = await cache.open(engine.mutable('f', { isKept: false }))
    assert.equal(passing.outcome, 'bypass')
    assert.deepEqual(await drain(passing), drainedOf(OLD))
    await files.stop()
    const stale = await cache.open(engine.mutable('f', { isKept: false }))
    assert.equal(stale.outcome, 'stale')
    assert.deepEqual(await drain(stale), drainedOf(OLD))
  })

  test('is not waited for longer than its host usually takes', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache, clock } = engine
    files.put('/f', { content: OLD, etag: '"a"' })
    await drain(await cache.open(engine.mutable('f')))
    await landed(engine)
    clock.advance(2 * MINUTE)
    files.freeze()
    const stale = await cache.open(engine.mutable('f'))
    assert.equal(stale.outcome, 'stale')
    assert.match(stale.warning ?? '', /did not answer in time/)
    stale.close()
    files.thaw()
  })
})
