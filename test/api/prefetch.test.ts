import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { PrefetchRow } from '../../src/api/contract-prefetch.ts'
import { basic } from '../auth/support.ts'
import { eventually } from '../e2e/support.ts'
import { listOf, runAll } from '../jobs/prefetch-support.ts'
import { apiOf } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'

suite('lists over the API', () => {
  test('what there is, when it runs next, and how it ended; progress while it runs', async (t) => {
    const prefetch = [
      { name: 'night', refs: ['app:1'], schedule: '30 2 * * *', platforms: ['linux/amd64'] },
      { refs: ['app:2'] },
    ]
    const { hub, cache } = await startPair(t, { config: { prefetch } })
    for (const tag of ['1', '2']) hub.addImage('library/app', { tags: [tag], layers: [300_000] })
    const lists = async (): Promise<readonly PrefetchRow[]> => (await apiOf(cache).get('/prefetch', {})).items
    const [night, byHand] = await lists()
    assert.deepEqual(
      [night?.name, night?.refs, night?.running, night?.last],
      ['night', ['app:1'], false, undefined],
    )
    const next = new Date(night?.nextRun ?? 0)
    assert.deepEqual([next.getHours(), next.getMinutes()], [2, 30])
    assert.deepEqual([byHand?.name, byHand?.schedule, byHand?.nextRun], ['prefetch 2', undefined, undefined])

    hub.bandwidth = 400_000
    const lines = apiOf(cache).stream('/prefetch', { names: ['night'] })
    const subjects = new Set<string>()
    let sawRunning = false
    for await (const line of lines) {
      if (line.type !== 'progress') continue
      subjects.add(line.subject)
      sawRunning ||= (await lists())[0]?.running === true
    }
    assert.deepEqual([[...subjects], sawRunning], [['docker.io/library/app:1'], true])
    const [ran, other] = await lists()
    assert.deepEqual([ran?.running, ran?.last?.report.fetched, other?.last], [false, 1, undefined])
  })

  test('a client that leaves ends its run; what was not fetched is left', async (t) => {
    const { hub, cache } = await startPair(t, listOf(['app:1', 'app:2']))
    for (const tag of ['1', '2']) hub.addImage('library/app', { tags: [tag], layers: [300_000] })
    hub.bandwidth = 50_000
    const leaving = new AbortController()
    const lines = apiOf(cache).stream('/prefetch', {}, { signal: leaving.signal })
    await assert.rejects(async () => {
      for await (const { type } of lines) if (type === 'progress') leaving.abort(new Error('left'))
    })
    await eventually('the run ended', async () => {
      const [row] = (await apiOf(cache).get('/prefetch', {})).items
      return row?.last?.report.stopped === true && row.last.report.left > 0
    })
    hub.bandwidth = undefined
    const [report] = await runAll(cache)
    assert.equal(report?.left, 0)
  })

  test('running lists is for operators, and is written down', async (t) => {
    const { cache } = await startConsole(t, listOf(['app:1']).config)
    const ask = async (user: keyof typeof PASSWORDS, method: string, body?: object) => {
      const headers = { authorization: basic(user, PASSWORDS[user]), 'content-type': 'application/json' }
      const text = body === undefined ? {} : { body: JSON.stringify(body) }
      return await cache.fetch('/api/v1/prefetch', { method, headers, lint: false, ...text })
    }
    assert.deepEqual([(await ask('bob', 'GET')).status, (await ask('bob', 'POST', {})).status], [403, 403])
    assert.equal((await ask('carol', 'GET')).status, 200)
    const unknown = await ask('carol', 'POST', { names: ['nightly'] })
    assert.equal(unknown.status, 404)
    assert.equal(JSON.parse(unknown.body.toString()).error.reason, 'no_prefetch')
    assert.equal((await ask('carol', 'POST', { names: ['Base Images'] })).status, 200)
    const { items } = await apiOf(cache).get('/audit', {})
    const deeds = items.filter(({ action }) => action === 'prefetch')
    assert.deepEqual(deeds.map(({ who, target, outcome }) => [who, target, outcome]).toReversed(), [
      ['carol', 'nightly', 'refused'],
      ['carol', 'Base Images', 'ok'],
    ])
  })
})
