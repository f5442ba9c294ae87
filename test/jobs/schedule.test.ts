import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import type { JobRow } from '../../src/api/contract.ts'
import type { VerifyReport } from '../../src/api/contract-work.ts'
import { addBlob, assertNoParts, blobFile, eventually, pull } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { apiOf, gc, verify } from './support.ts'

const EACH_SECOND = '* * * * * *'

async function runsOf(cache: Cachalot, job: string): Promise<readonly JobRow[]> {
  const { items } = await apiOf(cache).get('/jobs', {})
  return items.filter((one) => one.job === job)
}

async function ended(cache: Cachalot, job: string, after = 0): Promise<JobRow> {
  let row: JobRow | undefined
  await eventually(`${job} has run`, async () => {
    row = (await runsOf(cache, job)).find(({ id, endedAt }) => id > after && endedAt !== undefined)
    return row !== undefined
  })
  assert.ok(row)
  return row
}

suite('jobs by the clock', () => {
  test('run at their times: the check finds damage, the clean-up frees and keeps a snapshot', async (t) => {
    const { hub, cache } = await startPair(t, { config: { jobs: { gc: '', scrub: '' } } })
    const blob = addBlob(hub, 100_000)
    await pull(cache, blob)
    await assertNoParts(cache.dataDir)
    await writeFile(blobFile(cache.dataDir, blob.digest), Buffer.alloc(100_000, 1))
    await writeFile(join(cache.dataDir, 'blobs', 'sha256', 'stray'), 'x')
    await cache.reload({ config: { jobs: { gc: EACH_SECOND, scrub: EACH_SECOND } } })
    const scrub = await ended(cache, 'scrub')
    assert.equal(scrub.cause, 'schedule')
    await ended(cache, 'gc')
    const reports = (await runsOf(cache, 'scrub')).map(({ report }) => report as VerifyReport | undefined)
    const problems = reports.flatMap((report) => report?.problems ?? []).map(({ problem }) => problem)
    assert.deepEqual(
      problems.filter((problem) => problem === 'damaged'),
      ['damaged'],
    )
    assert.equal((await pull(cache, blob)).headers['x-cache'], 'miss')
  })

  test('are planned anew when the configuration changes, and "" is off', async (t) => {
    const { cache } = await startPair(t, { config: { jobs: { gc: EACH_SECOND, scrub: '' } } })
    const first = await ended(cache, 'gc')
    await ended(cache, 'gc', first.id)
    await cache.reload({ config: { jobs: { gc: '', scrub: EACH_SECOND } } })
    await eventually('none is under way', async () =>
      (await runsOf(cache, 'gc')).every(({ endedAt }) => endedAt !== undefined),
    )
    const runs = (await runsOf(cache, 'gc')).length
    const scrub = await ended(cache, 'scrub')
    await ended(cache, 'scrub', scrub.id)
    await sleep(1000)
    assert.equal((await runsOf(cache, 'gc')).length, runs)
  })
})

test('of one job there is one at a time: a second one is refused at once', async (t) => {
  const { cache } = await startPair(t)
  await gc(cache)
  // The first one waits for its turn to write.
  const other = new Database(join(cache.dataDir, 'cachalot.db'))
  other.exec('BEGIN IMMEDIATE')
  const first = gc(cache)
  await assert.rejects(
    async () => {
      for (;;) await gc(cache)
    },
    { code: 'busy' },
  )
  const both = verify(cache)
  other.exec('ROLLBACK')
  other.close()
  assert.deepEqual((await first).rows, [])
  assert.deepEqual((await both).problems, [])
  await gc(cache)
})
