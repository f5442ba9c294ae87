import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { makeBigIndex } from '../support/big-index.ts'
import { startCachalot } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { tempDir } from '../support/temp.ts'
import { apiOf, gc } from './support.ts'

const NOW = Date.UTC(2026, 0, 1)
const SIZE = { blobs: 20_000, tags: 4000, repositories: 200, now: NOW }

test('of an index of years, a clean-up frees what its dry run said, and the next one finds nothing', async (t) => {
  const dataDir = join(await tempDir(t), 'data')
  await makeBigIndex(dataDir, SIZE)
  const cache = await startCachalot(t, {
    hub: { url: 'http://127.0.0.1:9' },
    clock: fakeClock(NOW + DAY),
    dataDir,
    // The files are holes: nothing of it is really there.
    config: { storage: { max_size: '0', min_free: '0' } },
  })
  const files = async (): Promise<number> =>
    (await readdir(join(dataDir, 'blobs'), { recursive: true })).filter((name) => /[0-9a-f]{64}$/.test(name))
      .length

  const dry = await gc(cache, { dryRun: true })
  assert.deepEqual({ blobs: dry.blobs, tags: dry.tags }, { blobs: SIZE.blobs, tags: SIZE.tags })
  assert.deepEqual(
    dry.rows.map(({ reason }) => reason),
    ['replaced'],
  )
  const done = await gc(cache)
  assert.equal(done.objects, dry.objects)
  assert.equal(done.frees, dry.frees)
  assert.equal(await files(), SIZE.blobs - dry.objects)

  const next = await gc(cache)
  assert.deepEqual(
    { objects: next.objects, blobs: next.blobs, before: next.before },
    {
      objects: 0,
      blobs: SIZE.blobs - dry.objects,
      before: dry.before - dry.frees,
    },
  )

  const freed = await gc(cache, { free: Math.floor(next.before / 10) })
  assert.ok(freed.frees >= Math.floor(next.before / 10))
  assert.equal(await files(), next.blobs - freed.objects)
  const { disk } = await apiOf(cache).get('/stats', {})
  assert.equal(disk.used, next.before - freed.frees)
})
