import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import type { PrefetchReport } from '../../src/api/contract-prefetch.ts'
import { DAY } from '../../src/domain/clock.ts'
import { blobPath, manifestPath } from '../e2e/support.ts'
import { type Cachalot, startPair, type Table } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import type { BuiltImage } from '../support/oci-image.ts'
import { listOf, rowsOf, runAll, runOne } from './prefetch-support.ts'
import { apiOf, pullImage } from './support.ts'

/** Lists may hold 900 000 bytes of it. */
const STORAGE = { max_size: '2MB', evict_to: '90%' }

const platforms = ['linux/amd64']
const ONE_AND_TWO: readonly Table[] = [
  { name: 'one', refs: ['a:1'], platforms },
  { name: 'two', refs: ['b:1', 'c:1'], platforms },
]

/** Images of 400 000 bytes, "a:1" and so on. */
function addEach(hub: FakeUpstream, names: readonly string[]): readonly BuiltImage[] {
  return names.map((name) => hub.addImage(`library/${name}`, { tags: ['1'], layers: [400_000] }))
}

/** Both lists ran: the first holds its image, the second one of its two. */
async function startBoth(t: Parameters<typeof startPair>[0]) {
  const { hub, cache } = await startPair(t, { config: { prefetch: ONE_AND_TWO, storage: STORAGE } })
  const [a] = addEach(hub, ['a', 'b', 'c'])
  const reports = await runAll(cache)
  assert.deepEqual(reports.map(rowsOf), [['fetched a:1'], ['fetched b:1', 'left c:1']])
  return { hub, cache, a, held: reports[0]?.holds }
}

async function requireHere(cache: Cachalot, name: string, image: BuiltImage | undefined): Promise<void> {
  const statuses = [(await cache.fetch(manifestPath('1', `library/${name}`))).status]
  for (const { digest } of image?.layers ?? [])
    statuses.push((await cache.fetch(blobPath(digest, `library/${name}`))).status)
  assert.deepEqual(statuses, [200, 200])
}

suite('the room of a list is its own still', () => {
  test('where its upstream is down', async (t) => {
    const { hub: other, cache } = await startPair(t, { config: { storage: STORAGE } })
    const { hub } = await startPair(t)
    await cache.reload({
      config: {
        prefetch: [
          ONE_AND_TWO[0] ?? {},
          { name: 'two', refs: ['quay.io/org/b:1', 'quay.io/org/c:1'], platforms },
        ],
      },
      upstreams: [
        { name: 'docker.io', url: hub.url },
        { name: 'quay.io', url: other.url },
      ],
    })
    const [a] = addEach(hub, ['a'])
    for (const name of ['b', 'c']) other.addImage(`org/${name}`, { tags: ['1'], layers: [400_000] })
    await runAll(cache)
    await hub.stop()
    const reports = await runAll(cache)
    assert.deepEqual(reports.map(rowsOf), [['failed a:1'], ['left quay.io/org/c:1']])
    await requireHere(cache, 'a', a)
  })

  test('where its run is stopped before it saw anything', async (t) => {
    const { hub, cache, a, held } = await startBoth(t)
    hub.freeze()
    hub.requests.clear()
    const running = runAll(cache, { names: ['one'] })
    await hub.requests.waitFor(({ kind }) => kind === 'manifest')
    const { items } = await apiOf(cache).get('/jobs', { limit: 1 })
    await apiOf(cache).post('/jobs/stop', { id: items[0]?.id ?? 0 })
    const [stopped] = await running
    hub.thaw()
    assert.deepEqual([stopped?.stopped, stopped?.holds], [true, held])
    assert.deepEqual((await runAll(cache, { names: ['two'] })).map(rowsOf), [['left c:1']])
    await hub.stop()
    await requireHere(cache, 'a', a)
  })

  test('where other jobs have run five hundred times since', async (t) => {
    const { hub, cache, a } = await startBoth(t)
    addRuns(cache, 600)
    assert.deepEqual((await runAll(cache, { names: ['two'] })).map(rowsOf), [['left c:1']])
    assert.equal(runsIn(cache), 502, 'five hundred, and the last of each list')
    const { items } = await apiOf(cache).get('/prefetch', {})
    assert.deepEqual(
      items.map(({ last }) => last?.report.list),
      ['one', 'two'],
    )
    await hub.stop()
    await requireHere(cache, 'a', a)
  })
})

/** Runs of another job, as if they had ended. */
function addRuns({ dataDir }: Cachalot, count: number): void {
  const db = new Database(join(dataDir, 'cachalot.db'))
  const insert = db.prepare(
    "INSERT INTO job_runs (job, cause, started_at, ended_at) VALUES ('gc', 'schedule', 1, 2)",
  )
  db.transaction(() => {
    for (let run = 0; run < count; run++) insert.run()
  })()
  db.close()
}

function runsIn({ dataDir }: Cachalot): unknown {
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  const count = db.prepare('SELECT count(*) FROM job_runs').pluck().get()
  db.close()
  return count
}

suite('what is not for lists', () => {
  test('pinned content: no list evicts itself for it, and pinned images of a list take none of its room', async (t) => {
    const { hub, cache } = await startPair(t, {
      config: {
        ...listOf(['a:1', 'b:1', 'c:1', 'pinned:1']).config,
        pin: [{ match: 'docker.io/library/pinned' }],
        storage: { max_size: '1500KB', evict_to: '90%' },
      },
    })
    const [, , , pinned] = addEach(hub, ['a', 'b', 'c', 'pinned'])
    assert.ok(pinned)
    await pullImage(cache, pinned, { repo: 'library/pinned', tag: '1' })
    const reports: PrefetchReport[] = []
    for (let run = 0; run < 4; run++) reports.push(await runOne(cache))
    assert.deepEqual(
      reports.map(({ fetched, unchanged, left }) => [fetched, unchanged, left]),
      [
        [1, 1, 2],
        [0, 2, 2],
        [0, 2, 2],
        [0, 2, 2],
      ],
    )
    assert.ok((reports[3]?.holds[0]?.bytes ?? 0) < 450_000)
  })

  test('half of what an eviction leaves: what clients pull stays beside lists that could fill the disk', async (t) => {
    const clock = fakeClock()
    const { hub, cache } = await startPair(t, {
      clock,
      config: { ...listOf(['a:1', 'b:1']).config, storage: { max_size: '1MB', evict_to: '90%' } },
    })
    const [, , used] = addEach(hub, ['a', 'b', 'used'])
    assert.ok(used)
    for (let day = 0; day < 4; day++) {
      hub.requests.clear()
      await pullImage(cache, used, { repo: 'library/used', tag: '1' })
      const got = hub.requests.count({ repo: 'library/used', kind: 'blob', method: 'GET' })
      assert.equal(got, day === 0 ? used.layers.length + 1 : 0)
      clock.advance(DAY / 2)
      const report = await runOne(cache)
      assert.deepEqual([report.fetched + report.unchanged, report.left], [1, 1])
      clock.advance(DAY / 2)
    }
  })
})
