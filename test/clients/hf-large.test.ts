import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { GIB, MIB } from '../../src/domain/units.ts'
import { startHfLab } from '../support/fake-hf-lab.ts'

const SIZE = 5 * GIB
const ZEROS = Buffer.alloc(MIB)
/** Of five gigabytes of zeros. */
const HASH = '7f06c62352aebd8125b2a1841e2b9e1ffcbed602f381c3dcb3200200e383d1d5'

test('a file of 5 GiB: told at once, read from anywhere, fetched once, continued', {
  timeout: 600_000,
}, async (t) => {
  const { hub, cache } = await startHfLab(t, { config: { cache: { finish_abandoned: '0' } } })
  const content = {
    size: SIZE,
    slice: (start: number, end: number) => ZEROS.subarray(0, Math.min(MIB, end - start)),
  }
  const commit = hub.publish('models/org/model', { 'weights.bin': { large: content } }, { hash: HASH })
  const path = `/hf/org/model/resolve/${commit}/weights.bin`

  const head = await cache.fetch(path, { method: 'HEAD' })
  assert.equal(head.headers['content-length'], String(SIZE))
  assert.equal(hub.requests.count({ role: 'cdn' }), 0)

  const first = await cache.open(path)
  await first.read(64 * MIB)
  const end = await cache.fetch(path, { headers: { range: `bytes=${SIZE - 1000}-` } })
  assert.deepEqual([end.status, end.body.length], [206, 1000])
  assert.equal(end.headers['content-range'], `bytes ${SIZE - 1000}-${SIZE - 1}/${SIZE}`)
  first.destroy()

  const whole = await cache.open(path)
  assert.deepEqual(await whole.rest(), { complete: true, bytes: SIZE, digest: `sha256:${HASH}` })
  // The end was asked for on its own; what is on its way to somebody who leaves may have been for nothing.
  const sent = hub.requests.bytes({ role: 'cdn' })
  assert.ok(sent < SIZE + 256 * MIB, `${sent} bytes`)

  hub.requests.clear()
  const warm = await cache.fetch(path, { headers: { range: `bytes=${3 * GIB}-${3 * GIB + 99}` } })
  assert.deepEqual([warm.status, warm.headers['x-cache'], warm.body.length], [206, 'hit', 100])
  assert.equal(hub.requests.count(), 0)

  // It is synced to disk behind its last byte.
  const blob = join(cache.dataDir, 'blobs', 'sha256', HASH.slice(0, 2), HASH)
  while (!existsSync(blob)) await sleep(100)
  assert.equal(statSync(blob).size, SIZE)
})
