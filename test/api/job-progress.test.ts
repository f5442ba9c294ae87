import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import type { JobRow } from '../../src/api/contract.ts'
import type { GcPreview } from '../../src/api/contract-gc.ts'
import type { GcReport } from '../../src/api/contract-work.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { basic } from '../auth/support.ts'
import { addBlob, assertNoParts, eventually, pull } from '../e2e/support.ts'
import { apiOf, last, verify } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'
import { listen } from './live-support.ts'

const isGc = ({ job }: JobRow): boolean => job === 'gc'

suite('jobs that run', () => {
  test('tell how far they are, to operators alone, and end when somebody stops them', async (t) => {
    const { hub, cache } = await startConsole(t)
    for (let i = 0; i < 40; i++) await pull(cache, addBlob(hub, 1000))
    await assertNoParts(cache.dataDir)
    const path = '/events?topics=jobs'
    const ear = await listen({ socketPath: socketAddress(cache.dataDir).path }, path)
    const bob = await listen(cache, path, { authorization: basic('bob', PASSWORDS.bob) })
    assert.deepEqual(await ear.next('jobs'), { items: [] })
    // Slow enough to be met in the middle.
    const ending = verify(cache, { rate: 2000 }).then(
      () => assert.fail('it was stopped'),
      (error: unknown) => String(error),
    )
    const isUnderWay = ({ items }: { items: readonly JobRow[] }): boolean => items[0]?.progress !== undefined
    const [told] = (await ear.next('jobs', isUnderWay)).items
    const api = apiOf(cache)
    const [listed] = (await api.get('/jobs', { limit: 1 })).items
    assert.deepEqual([listed?.id, listed?.job, listed?.endedAt], [told?.id, 'verify', undefined])
    assert.ok(listed?.progress !== undefined && listed.progress.done < 40)
    const id = told?.id ?? assert.fail()
    assert.deepEqual(await api.post('/jobs/stop', { id }), { stopping: true })
    assert.match(await ending, /interrupted/)
    await ear.next('jobs', ({ items }) => items.length === 0)
    const [after] = (await api.get('/jobs', { limit: 1 })).items
    assert.deepEqual([after?.id, after?.error, after?.progress], [id, 'interrupted', undefined])
    assert.deepEqual(await api.post('/jobs/stop', { id }), { stopping: false })
    assert.deepEqual(
      bob.heard.filter(({ event }) => event === 'jobs').map(({ data }) => data),
      [{ items: [] }],
    )
    ear.leave()
    bob.leave()
  })

  test('a clean-up that was shown before goes on when whoever asked for it has left', async (t) => {
    const { hub, cache } = await startPair(t)
    await pull(cache, addBlob(hub, 100_000))
    await assertNoParts(cache.dataDir)
    const api = apiOf(cache)
    const { previewId, frees } = await last<GcPreview>(api.stream('/gc/preview', { idle: 0, grace: 0 }))
    assert.ok(frees >= 100_000)
    // The job waits for its turn to write.
    const other = new Database(`${cache.dataDir}/cachalot.db`)
    other.exec('BEGIN IMMEDIATE')
    const tab = new AbortController()
    const left = assert.rejects(last(api.stream('/gc/run', { previewId }, { signal: tab.signal })), {
      name: 'AbortError',
    })
    await eventually('it has begun', async () => {
      const narrowed = last(api.stream('/gc/narrow', { previewId })).then(
        () => false,
        () => true,
      )
      return await narrowed
    })
    tab.abort()
    await left
    // By then the server has heard of it.
    await api.get('/jobs', {})
    other.exec('ROLLBACK')
    other.close()
    const ended = async (): Promise<JobRow | undefined> =>
      (await api.get('/jobs', {})).items.find((row) => isGc(row) && row.endedAt !== undefined)
    await eventually('it has ended', async () => (await ended()) !== undefined)
    const row = await ended()
    assert.equal(row?.error, undefined)
    assert.equal((row?.report as GcReport | undefined)?.frees, frees) // what gc reports
  })
})

test('20,000 long names fit into a selection and into what stays of it', async (t) => {
  const { cache } = await startPair(t)
  const names = Array.from({ length: 20_000 }, (_, n) => `docker.io/${'a-long-name/'.repeat(12)}app-${n}:1`)
  const api = apiOf(cache)
  const { notFound } = await api.post('/selection', { names })
  assert.equal(notFound.length, 20_000)
  const narrow = last(api.stream('/gc/narrow', { previewId: 'none', exclude: names }))
  await assert.rejects(narrow, { code: 'not_found' })
})
