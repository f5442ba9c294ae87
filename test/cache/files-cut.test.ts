import assert from 'node:assert/strict'
import { readdir, rename, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { labelled, labelOf } from '../../src/store/part-name.ts'
import { eventually } from '../e2e/support.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { assertSettled, drain, drainedOf, type FileEngine, landed, startFileEngine } from './file-engine.ts'

const FILE = randomBytesFrom(3, 2_000_000)
const OTHER = randomBytesFrom(4, 2_000_000)

suite('a file whose download is cut', () => {
  test('goes on with If-Range where its ETag is strong, and nobody notices', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache } = engine
    files.put('/f', { content: FILE, etag: '"a"' })
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    assert.deepEqual(await drain(await cache.open(engine.file('f'))), drainedOf(FILE))
    const [, second] = files.requests.list({ method: 'GET' })
    assert.match(second?.range ?? '', /^bytes=[1-9]\d*-$/)
    assert.equal(second?.headers['if-range'], '"a"')
    await assertSettled(engine)
  })

  const changes = [
    { name: 'another ETag and a 200', put: { content: OTHER, etag: '"b"' }, fault: {} },
    { name: 'the same ETag but a 200', put: { content: FILE, etag: '"a"' }, fault: { ignoreRange: true } },
    {
      name: 'another ETag on a 206',
      put: { content: OTHER, etag: '"a"' },
      fault: { headers: { ETag: '"b"' } },
    },
    { name: 'no ETag on a 206', put: { content: OTHER, etag: '"a"' }, fault: { headers: { ETag: null } } },
    { name: 'another length', put: { content: OTHER.subarray(0, 1_900_000), etag: '"a"' }, fault: {} },
    { name: 'less than is here', put: { content: OTHER.subarray(0, 10), etag: '"a"' }, fault: {} },
  ] as const
  for (const { name, put, fault } of changes) {
    test(`is given up where the answer to that has ${name}`, async (t) => {
      const engine = await startFileEngine(t)
      const { files, cache } = engine
      files.put('/f', { content: FILE, etag: '"a"' })
      files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
      files.faults.add({ times: 1, when: { ranged: true }, fault })
      const content = await cache.open(engine.file('f'))
      // The second request finds what the test puts there now.
      files.put('/f', put)
      await assert.rejects(drain(content), { code: 'upstream_invalid' })
      await assertSettled(engine)
      files.put('/f', { content: FILE, etag: '"c"' })
      assert.deepEqual(await drain(await cache.open(engine.file('f'))), drainedOf(FILE))
      assert.equal(files.requests.list({ method: 'GET' }).at(-1)?.range, undefined)
    })
  }

  for (const etag of [undefined, 'W/"a"'])
    test(`fails with ${etag ?? 'no ETag'}, and is fetched from its start by the next`, async (t) => {
      const engine = await startFileEngine(t)
      const { files, cache } = engine
      files.put('/f', { content: FILE, ...(etag === undefined ? {} : { etag }) })
      files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
      await assert.rejects(drain(await cache.open(engine.file('f'))), { code: 'upstream_failed' })
      await assertSettled(engine)
      assert.deepEqual(await drain(await cache.open(engine.file('f'))), drainedOf(FILE))
      assert.deepEqual(
        files.requests.list({ method: 'GET' }).map(({ range }) => range),
        [undefined, undefined],
      )
    })

  test('of unknown length goes on too, and is whole only when its answer ended properly', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache } = engine
    files.put('/f', { content: FILE, etag: '"a"', chunked: true })
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    const content = await cache.open(engine.file('f'))
    assert.equal(content.size, undefined)
    assert.deepEqual(await drain(content), drainedOf(FILE))
    await landed(engine)
    const again = await cache.open(engine.file('f'))
    assert.deepEqual([again.outcome, again.size], ['hit', FILE.length])
    again.close()
    await assertSettled(engine)
  })

  test('of unknown length without a validator never looks whole', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache } = engine
    files.put('/f', { content: FILE, chunked: true })
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    await assert.rejects(drain(await cache.open(engine.file('f'))), { code: 'upstream_failed' })
    await assertSettled(engine)
  })

  test('that is not kept goes on with If-Range, and never with other content', async (t) => {
    const engine = await startFileEngine(t)
    const { files, cache } = engine
    const want = engine.file('f', { isKept: false })
    files.put('/f', { content: FILE, etag: '"a"' })
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    assert.deepEqual(await drain(await cache.open(want)), drainedOf(FILE))
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    const content = await cache.open(want)
    files.put('/f', { content: OTHER, etag: '"b"' })
    await assert.rejects(drain(content), { code: 'upstream_invalid' })
    files.put('/f', { content: FILE })
    files.faults.add({ times: 1, fault: { truncateAfter: 700_000 } })
    await assert.rejects(drain(await cache.open(want)), { code: 'upstream_unreachable' })
    assert.deepEqual(await readdir(engine.store.layout.parts), [])
  })
})

/** Begins to download and leaves. */
async function leaveInTheMiddle(engine: FileEngine): Promise<void> {
  const { files, cache, flights } = engine
  files.bandwidth = 4_000_000
  const content = await cache.open(engine.file('f'))
  await files.requests.waitFor((record) => record.bytesSent > 500_000)
  content.close()
  await eventually('it is parked', () => flights.list().length === 0)
  files.bandwidth = undefined
  await assertSettled(engine)
}

async function partOf({ store }: FileEngine): Promise<string> {
  const [name, ...others] = await readdir(store.layout.parts)
  assert.deepEqual(others, [])
  assert.ok(name)
  return name
}

async function continued(t: TestContext, change: (engine: FileEngine) => Promise<void> | void) {
  const before = await startFileEngine(t)
  before.files.put('/f', { content: FILE, etag: '"a"' })
  await leaveInTheMiddle(before)
  await before.end()
  await change(before)
  const engine = await startFileEngine(t, { after: before })
  engine.files.requests.clear()
  return engine
}

suite('what readers of a file without a digest left', () => {
  test('is continued in the same process', async (t) => {
    const engine = await startFileEngine(t)
    engine.files.put('/f', { content: FILE, etag: '"a"' })
    await leaveInTheMiddle(engine)
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(FILE))
    assert.match(engine.files.requests.list({ method: 'GET' }).at(-1)?.range ?? '', /^bytes=[1-9]\d*-$/)
    await assertSettled(engine)
    assert.deepEqual(await readdir(engine.store.layout.parts), [])
  })

  test('is continued by the next process', async (t) => {
    const engine = await continued(t, () => undefined)
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(FILE))
    const [only, ...others] = engine.files.requests.list({ method: 'GET' })
    assert.deepEqual(others, [])
    assert.equal(only?.headers['if-range'], '"a"')
    await assertSettled(engine)
  })

  test('is continued after kill -9', async (t) => {
    const engine = await continued(t, async (before) => {
      const label = labelOf(await partOf(before))
      assert.ok(label)
      const killed = labelled({ ...label, synced: undefined })
      assert.ok(killed)
      const { parts } = before.store.layout
      await rename(join(parts, await partOf(before)), join(parts, killed))
    })
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(FILE))
    assert.match(engine.files.requests.list({ method: 'GET' })[0]?.range ?? '', /^bytes=[1-9]\d*-$/)
    await assertSettled(engine)
  })

  test('is forgotten where the file changed, with one request', async (t) => {
    const engine = await continued(t, ({ files }) => files.put('/f', { content: OTHER, etag: '"b"' }))
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(OTHER))
    assert.equal(engine.files.requests.count({ method: 'GET' }), 1)
    await assertSettled(engine)
  })

  test('is forgotten where the file has less by now', async (t) => {
    const less = OTHER.subarray(0, 1000)
    const engine = await continued(t, ({ files }) => files.put('/f', { content: less, etag: '"a"' }))
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(less))
    await assertSettled(engine)
  })

  test('is not trusted after a power cut that lost some of it', async (t) => {
    const engine = await continued(t, async (before) => {
      const name = await partOf(before)
      const path = join(before.store.layout.parts, name)
      const label = labelOf(name)
      assert.ok(label)
      const other = labelled({ ...label, boot: '00000000' })
      assert.ok(other)
      await truncate(path, 100_000)
      await rename(path, join(before.store.layout.parts, other))
    })
    assert.deepEqual(await readdir(engine.store.layout.parts), [])
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(FILE))
    assert.equal(engine.files.requests.list({ method: 'GET' })[0]?.range, undefined)
    await assertSettled(engine)
  })

  test('is trusted after a power cut that lost nothing', async (t) => {
    const engine = await continued(t, async (before) => {
      const label = labelOf(await partOf(before))
      assert.ok(label)
      const other = labelled({ ...label, boot: '00000000' })
      assert.ok(other)
      const { parts } = before.store.layout
      await rename(join(parts, await partOf(before)), join(parts, other))
    })
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(FILE))
    assert.match(engine.files.requests.list({ method: 'GET' })[0]?.range ?? '', /^bytes=[1-9]\d*-$/)
    await assertSettled(engine)
  })

  test('is asked of its own host only', async (t) => {
    const engine = await startFileEngine(t)
    const { files, mirror, cache } = engine
    files.put('/f', { content: FILE, etag: '"a"' })
    mirror.put('/f', { content: OTHER, etag: '"a"' })
    await leaveInTheMiddle(engine)
    const elsewhere = engine.file('f', { request: { upstream: 'mirror.test', path: '/f' } })
    assert.deepEqual(await drain(await cache.open(elsewhere)), drainedOf(OTHER))
    assert.equal(mirror.requests.list({ method: 'GET' })[0]?.range, undefined)
    await assertSettled(engine)
  })
})

test('a range far ahead is fetched on its own only where it is sure to be of the same content', async (t) => {
  const engine = await startFileEngine(t)
  const { files, cache } = engine
  const large = { size: 40 * 1024 * 1024 }
  const content = randomBytesFrom(5, large.size)
  files.bandwidth = 8_000_000
  const far = { start: 36 * 1024 * 1024, end: 36 * 1024 * 1024 + 9 }
  for (const [path, etag, outcome] of [
    ['strong', '"a"', 'bypass'],
    ['weak', 'W/"a"', 'joined'],
  ] as const) {
    files.put(`/${path}`, { content, etag })
    const first = await cache.open(engine.file(path))
    const second = await cache.open(engine.file(path))
    const { run, outcome: how } = await second.read(far)
    assert.equal(how, outcome)
    if (how === 'bypass')
      assert.deepEqual((await run.pull())?.bytes, content.subarray(far.start, far.end + 1))
    run.close()
    first.close()
    second.close()
  }
  const [ranged] = files.requests.list({ method: 'GET' }).filter(({ range }) => range !== undefined)
  assert.equal(ranged?.headers['if-range'], '"a"')
  await landed(engine)
})
