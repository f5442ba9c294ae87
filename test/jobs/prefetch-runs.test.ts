import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { JobRow } from '../../src/api/contract.ts'
import type { PrefetchReport } from '../../src/api/contract-prefetch.ts'
import { eventually } from '../e2e/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { listOf, rowsOf, runAll, runOne } from './prefetch-support.ts'
import { apiOf } from './support.ts'

const EACH_SECOND = '* * * * * *'

async function runsOf(cache: Cachalot): Promise<readonly JobRow[]> {
  const { items } = await apiOf(cache).get('/jobs', {})
  return items.filter(({ job }) => job === 'prefetch')
}

/** Reports of runs that ended, the newest first. */
async function reportsOf(cache: Cachalot): Promise<readonly PrefetchReport[]> {
  // What such a job reports.
  return (await runsOf(cache)).flatMap(({ report }) =>
    report === undefined ? [] : [report as PrefetchReport],
  )
}

suite('by the clock', () => {
  test('lists of one time run one after the other, each as a job with its name; a reload takes them away', async (t) => {
    const list = { platforms: ['linux/amd64'], schedule: EACH_SECOND }
    const prefetch = [
      { ...list, name: 'one', refs: ['a:1'] },
      { ...list, refs: ['b:1'] },
    ]
    const { hub, cache } = await startPair(t, { config: { prefetch } })
    for (const name of ['a', 'b']) hub.addImage(`library/${name}`, { tags: ['1'] })
    await eventually('both ran twice', async () => {
      const names = (await reportsOf(cache)).map(({ list: name }) => name)
      return ['one', 'prefetch 2'].every((name) => names.filter((one) => one === name).length > 1)
    })
    const rows = (await runsOf(cache)).filter(({ endedAt }) => endedAt !== undefined).toReversed()
    assert.ok(rows.every(({ cause, subject }) => cause === 'schedule' && subject !== undefined))
    for (const [at, row] of rows.entries()) assert.ok((rows[at - 1]?.endedAt ?? 0) <= row.startedAt)
    const { items } = await apiOf(cache).get('/prefetch', {})
    assert.deepEqual(
      items.map(({ name, last, nextRun }) => [name, last?.report.list, nextRun !== undefined]),
      [
        ['one', 'one', true],
        ['prefetch 2', 'prefetch 2', true],
      ],
    )
    await cache.reload(listOf(['a:1'], { schedule: '' }))
    await eventually('none is under way', async () =>
      (await runsOf(cache)).every(({ endedAt }) => endedAt !== undefined),
    )
    const known = (await runsOf(cache)).length
    const [row] = (await apiOf(cache).get('/prefetch', {})).items
    assert.deepEqual([row?.name, row?.nextRun, row?.last], ['base images', undefined, undefined])
    assert.equal((await runOne(cache)).unchanged, 1)
    assert.equal((await runsOf(cache)).length, known + 1)
  })

  test('a list that still runs at its next time is not begun again', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['a:1'], { schedule: EACH_SECOND }))
    hub.addImage('library/a', { tags: ['1'] })
    hub.freeze()
    await hub.requests.waitFor(({ kind }) => kind === 'manifest')
    const [job] = (await runsOf(cache)).filter(({ endedAt }) => endedAt === undefined)
    // Two more times come while it hangs.
    const at = Date.now()
    await eventually('two seconds passed', async () => Date.now() - at > 2200)
    assert.deepEqual(
      (await runsOf(cache)).map(({ id }) => id),
      [job?.id],
    )
    await assert.rejects(() => runAll(cache), { code: 'busy' })
    hub.thaw()
    await eventually('it ended', async () => (await reportsOf(cache)).length > 0)
  })
})

suite('a run that is ended in the middle', () => {
  test('by hand: what came stays, the rest is left and comes first in the next run', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['a:1', 'b:1', 'c:1']))
    for (const name of ['a', 'b', 'c']) hub.addImage(`library/${name}`, { tags: ['1'], layers: [300_000] })
    hub.bandwidth = 200_000
    const running = runOne(cache)
    await hub.requests.waitFor(
      ({ repo, kind, bytesSent }) => repo === 'library/b' && kind === 'blob' && bytesSent > 0,
    )
    const [job] = await runsOf(cache)
    assert.deepEqual([job?.subject, job?.progress?.total], ['base images', 3])
    // Nothing comes any more: the report does not wait for it.
    hub.freeze()
    assert.deepEqual(await apiOf(cache).post('/jobs/stop', { id: job?.id ?? 0 }), { stopping: true })
    const report = await running
    hub.bandwidth = undefined
    hub.thaw()
    assert.equal(report.stopped, true)
    assert.deepEqual(rowsOf(report), ['fetched a:1', 'left b:1', 'left c:1'])
    await cache.reload(listOf(['new:1', 'a:1', 'b:1', 'c:1']))
    hub.addImage('library/new', { tags: ['1'] })
    const next = await runOne(cache)
    // The download that was left may have come to its end by itself meanwhile.
    assert.deepEqual(
      rowsOf(next).filter((row) => row !== 'fetched b:1'),
      ['fetched c:1', 'fetched new:1'],
    )
    assert.deepEqual([next.fetched + next.unchanged, next.left], [4, 0])
  })

  test('with the server: it is written down, and the next process goes on', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['a:1', 'b:1'], { schedule: EACH_SECOND }))
    for (const name of ['a', 'b']) hub.addImage(`library/${name}`, { tags: ['1'], layers: [300_000] })
    const hang = hub.faults.add({
      when: { kind: 'blob', repo: 'library/a' },
      fault: { drip: { bytesPerSecond: 100_000 } },
    })
    await hub.requests.waitFor(({ kind, bytesSent }) => kind === 'blob' && bytesSent > 0)
    await cache.restart({ config: listOf(['b:1', 'a:1']).config })
    const [stopped] = await reportsOf(cache)
    assert.ok(stopped)
    assert.deepEqual([stopped.stopped, rowsOf(stopped)], [true, ['left a:1', 'left b:1']])
    hang.remove()
    assert.deepEqual(rowsOf(await runOne(cache)), ['fetched a:1', 'fetched b:1'])
  })
})

test('metrics know one job, however lists are called', async (t) => {
  const prefetch = ['naïve 名单', 'b/c', ''].map((name, at) => ({ name, refs: [`a:${at}`] }))
  const { cache } = await startPair(t, { config: { prefetch } })
  assert.equal((await runAll(cache)).length, 3)
  const { body } = await cache.fetch('/metrics')
  const lines = body
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('cachalot_job_'))
  const names = new Set(lines.map((line) => /name="([^"]*)"/.exec(line)?.[1]))
  assert.deepEqual([...names], ['prefetch'])
  assert.ok(lines.includes('cachalot_job_runs_total{name="prefetch",outcome="ok"} 3'))
})
