import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import type { Content } from '../../src/cache/want.ts'
import { onDisk } from '../../src/domain/blocks.ts'
import { eventually } from '../e2e/support.ts'
import type { Fault } from '../support/fake-faults.ts'
import { type Engine, startEngine } from './engine.ts'

const MIB = 1024 * 1024

async function drain(content: Content): Promise<{ bytes: number; digest: string }> {
  const { run } = await content.read(undefined)
  const hash = createHash('sha256')
  let bytes = 0
  try {
    for (;;) {
      const piece = await run.pull()
      if (piece === undefined) break
      hash.update(piece.bytes)
      bytes += piece.bytes.length
      piece.release()
    }
  } finally {
    run.close()
    content.close()
  }
  return { bytes, digest: `sha256:${hash.digest('hex')}` }
}

/** Nothing runs, nothing is reserved, and what is counted as used is what is there. */
async function assertSettled({ flights, quota, index, store }: Engine): Promise<void> {
  await eventually('flights have ended', () => flights.list().length === 0)
  const used = index.blobs.totals().bytes + (await store.partBytes())
  assert.deepEqual(quota.usage(), { used, reserved: 0 })
}

suite('a download whose upstream falls silent', () => {
  for (const afterBytes of [0, 1, 200_000, 799_999]) {
    test(`after ${afterBytes} bytes is continued`, async (t) => {
      const engine = await startEngine(t, { limits: { idleMs: 250 } })
      const { digest, size } = engine.hub.addBlob('library/app', { size: 800_000, seed: afterBytes })
      engine.hub.faults.add({ times: 1, fault: { hang: { afterBytes } } })
      assert.deepEqual(await drain(await engine.cache.open(engine.blob(digest))), { bytes: size, digest })
      await assertSettled(engine)
    })
  }

  test('before its head is an error, not a wait without end', async (t) => {
    const engine = await startEngine(t, { limits: { headersMs: 200 } })
    const { digest } = engine.hub.addBlob('library/app', { size: 1000, seed: 1 })
    engine.hub.faults.add({ fault: { hang: 'headers' } })
    await assert.rejects(engine.cache.open(engine.blob(digest)), { code: 'upstream_timeout' })
    await assertSettled(engine)
  })
})

test('a cut while the disk is slow does not make the continuation overlap', async (t) => {
  const original = fs.writev
  // The disk takes its time; the calls and their results are real.
  const slow = (...args: Parameters<typeof original>): void => void setTimeout(() => original(...args), 250)
  t.after(() => Object.assign(fs, { writev: original }))
  const engine = await startEngine(t)
  const { digest, size } = engine.hub.addBlob('library/app', { size: 900_000, seed: 5 })
  for (const truncateAfter of [300_000, 100_000, 200_000])
    engine.hub.faults.add({ times: 1, fault: { truncateAfter } })
  Object.assign(fs, { writev: slow })
  assert.deepEqual(await drain(await engine.cache.open(engine.blob(digest))), { bytes: size, digest })
  assert.ok(engine.hub.requests.bytes({ kind: 'blob' }) <= size * 1.05)
  await assertSettled(engine)
})

test('a disk that fails in the middle is noticed by no reader', async (t) => {
  const original = fs.writev
  t.after(() => Object.assign(fs, { writev: original }))
  for (const failing of [1, 2, 5]) {
    const engine = await startEngine(t)
    engine.hub.bandwidth = 8 * MIB
    const { digest, size } = engine.hub.addBlob('library/app', { size: 2 * MIB, seed: 60 + failing })
    let calls = 0
    Object.assign(fs, {
      writev: (...args: Parameters<typeof original>) => {
        const error = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        // The last argument is the callback.
        if (++calls >= failing)
          setImmediate(() => (args as unknown as ((e: Error) => void)[]).at(-1)?.(error))
        else original(...args)
      },
    })
    const readers = await Promise.all([1, 2, 3].map(() => engine.cache.open(engine.blob(digest))))
    for (const read of await Promise.all(readers.map(drain))) assert.deepEqual(read, { bytes: size, digest })
    Object.assign(fs, { writev: original })
    assert.equal(engine.index.blobs.totals().count, 0)
    assert.equal(engine.log.find(/not kept/).length, 1)
    await assertSettled(engine)
    assert.deepEqual(await drain(await engine.cache.open(engine.blob(digest))), { bytes: size, digest })
  }
})

test('ranges of a part whose disk fails end where they should', async (t) => {
  const original = fs.writev
  t.after(() => Object.assign(fs, { writev: original }))
  const engine = await startEngine(t)
  engine.hub.bandwidth = 4 * MIB
  const { digest } = engine.hub.addBlob('library/app', { size: MIB, seed: 71 })
  const content = await engine.cache.open(engine.blob(digest))
  Object.assign(fs, {
    writev: (...args: unknown[]) => {
      const error = Object.assign(new Error('I/O error'), { code: 'EIO' })
      // The last argument is the callback.
      setImmediate(() => (args as ((e: Error) => void)[]).at(-1)?.(error))
    },
  })
  for (const end of [MIB - 1, MIB / 2, 700_000]) {
    const { run } = await content.read({ start: 1000, end })
    let bytes = 0
    for (;;) {
      const piece = await run.pull()
      if (piece === undefined) break
      bytes += piece.bytes.length
      piece.release()
    }
    run.close()
    assert.equal(bytes, end + 1 - 1000)
  }
  content.close()
  await assertSettled(engine)
})

suite('room', () => {
  test('is reserved for what is missing and settled when it ends, however it ends', async (t) => {
    const engine = await startEngine(t, { settings: { maxSize: 10 * MIB, evictTo: 9 * MIB } })
    const { hub, cache, quota } = engine
    const faults: Fault[] = [
      {},
      { corruptAt: 5 },
      { resetAfter: 70_000 },
      { contentLength: 'omit' },
      { status: 404 },
    ]
    for (const [i, fault] of faults.entries()) {
      const { digest } = hub.addBlob('library/app', { size: 2 * MIB, seed: 80 + i })
      hub.faults.add({ times: 1, fault })
      await cache
        .open(engine.blob(digest))
        .then(drain)
        .catch(() => undefined)
      await assertSettled(engine)
      assert.ok(quota.usage().used <= 10 * MIB)
      hub.faults.clear()
    }
  })

  test('of a parked download counts as used, and its continuation reserves only the rest', async (t) => {
    const engine = await startEngine(t, { settings: { maxSize: 10 * MIB, evictTo: 9 * MIB } })
    const { hub, cache, quota, flights } = engine
    hub.bandwidth = 8 * MIB
    const { digest, size } = hub.addBlob('library/app', { size: 8 * MIB, seed: 90 })
    const content = await cache.open(engine.blob(digest))
    await hub.requests.waitFor((record) => record.bytesSent > 2 * MIB)
    assert.equal(quota.usage().reserved, size)
    content.close()
    await eventually('it is parked', () => flights.list().length === 0)
    const parked = quota.usage().used
    assert.ok(parked > MIB && parked < 5 * MIB)
    await assertSettled(engine)
    const again = await cache.open(engine.blob(digest))
    assert.deepEqual(quota.usage(), { used: parked, reserved: onDisk(size - parked) })
    await drain(again)
    await assertSettled(engine)
  })
})

test('a download longer than allowed is refused, whether its length was said or not', async (t) => {
  const engine = await startEngine(t)
  for (const [i, fault] of ([{}, { contentLength: 'omit' }] as const).entries()) {
    const { digest } = engine.hub.addBlob('library/app', { size: 300_000, seed: 95 + i })
    engine.hub.faults.add({ fault })
    const opened = engine.cache.open(engine.blob(digest, { maxBytes: 100_000 }))
    await assert.rejects(opened.then(drain), { code: 'too_large' })
    await assertSettled(engine)
    engine.hub.faults.clear()
  }
  assert.equal(engine.index.blobs.totals().count, 0)
})

test('content without a digest is continued with the ETag it began with', async (t) => {
  const engine = await startEngine(t)
  const { hub, cache, flights } = engine
  hub.bandwidth = 4 * MIB
  const { digest, size } = hub.addBlob('library/app', { size: 2 * MIB, seed: 99 })
  const nameless = { ...engine.blob(digest), digest: undefined }
  const content = await cache.open(nameless)
  await hub.requests.waitFor((record) => record.bytesSent > 500_000)
  content.close()
  await eventually('it has ended', () => flights.list().length === 0)
  assert.deepEqual(await drain(await cache.open(nameless)), { bytes: size, digest })
  const last = hub.requests.list({ kind: 'blob' }).at(-1)
  assert.match(last?.range ?? '', /^bytes=[1-9]\d*-$/)
  assert.equal(last?.headers['if-range'], `"${digest}"`)
  await assertSettled(engine)
})
