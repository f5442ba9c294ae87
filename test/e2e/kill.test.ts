import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { makeFirstVersion } from '../db/versions.ts'
import { du, last } from '../jobs/support.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { fill, operate, pullAtRandom, type Wanted } from './kill-load.ts'
import { makeMess, putIndex } from './kill-mess.ts'
import { createRandom } from './kill-random.ts'
import { createServerOn, type Server } from './process.ts'
import { assertNoParts, assertStoreSound, assertWhole, eventually, MIB } from './support.ts'

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 100)
/** A folder that is always full, so that landing and leaving go on at the same time. */
const MAX_SIZE = 8 * MIB
/** So many rounds apart, the index is one of the first release. */
const MIGRATION_EVERY = 9

const isMigration = (round: number): boolean => round % MIGRATION_EVERY === 4

function seedOf(t: TestContext): number {
  const seed = Number(process.env['CACHALOT_SEED'] ?? Date.now() % 1_000_000)
  t.diagnostic(`CACHALOT_SEED=${seed}`)
  return seed
}

interface World {
  readonly server: Server
  readonly wanted: readonly Wanted[]
  readonly api: ApiClient
  readonly seed: number
  /** Milliseconds. */
  readonly startTakes: number
  /** What was done to its end. */
  readonly sums: { pulls: number; deeds: number }
}

/** Starts it, lets everybody at it, and kills it at some moment: of its start, after some pulls, after some deeds. */
async function liveAndDie({ server, wanted, api, seed, startTakes, sums }: World, round: number) {
  const randomOf = (who: number) => createRandom(seed + round * 1000 + who)
  const stop = new AbortController()
  const before = { ...sums }
  const work = (who: number, count: keyof typeof sums) => ({
    random: randomOf(who),
    signal: stop.signal,
    did: () => void sums[count]++,
  })
  await server.launch()
  const all = [1, 2, 3].map((who) => pullAtRandom(server, wanted, work(who, 'pulls')))
  all.push(operate(api, work(4, 'deeds')))
  const working = Promise.all(all)
  try {
    await Promise.race([untilItsEnd(), working])
  } finally {
    await server.kill()
    stop.abort()
  }
  await working

  async function untilItsEnd(): Promise<void> {
    const random = randomOf(5)
    const kind = random()
    if (kind < 0.12 || isMigration(round)) return await sleep(startTakes * (0.3 + 0.7 * random()))
    const [count, most] = kind < 0.5 ? (['pulls', 14] as const) : (['deeds', 4] as const)
    const until = before[count] + Math.floor(random() * most)
    await eventually(`${count} get through`, () => sums[count] > until || stop.signal.aborted)
    await sleep(random() * 15)
  }
}

test('killed a hundred times whatever it is at: every answer is right, and in the end rows are files', async (t) => {
  const seed = seedOf(t)
  const hub = await startFakeUpstream()
  const server = await createServerOn(await tempDir(t), hub, {
    storage: { max_size: String(MAX_SIZE) },
    jobs: { gc: '* * * * * *', scrub: '* * * * * *' },
  })
  const { dataDir } = server
  t.after(async () => {
    await server.kill()
    await hub.close()
    if (!t.passed) t.diagnostic(server.output().slice(-3000))
  })
  const wanted = fill(hub)
  const older = (await makeFirstVersion(await tempDir(t), 3000)).file
  hub.bandwidth = 60 * MIB
  // In order, so that what was compiled is kept for the starts to come.
  await server.start()
  await server.stop()
  const before = performance.now()
  await server.start()
  const startTakes = performance.now() - before
  await server.kill()
  const address = socketAddress(dataDir)
  t.after(() => address.release())
  const api = connectApi(address.path)

  const sums = { pulls: 0, deeds: 0 }
  let planted = 0
  for (let round = 0; round < ROUNDS; round++) {
    const random = createRandom(seed + round * 1000 + 500)
    if (isMigration(round)) await putIndex(dataDir, older)
    if (round % 2 === 0) planted += await makeMess(dataDir, random)
    await liveAndDie({ server, wanted, api, seed, startTakes, sums }, round)
    const bytes = await du(dataDir)
    assert.ok(bytes <= MAX_SIZE + planted, `${bytes} bytes on disk after round ${round}`)
  }
  t.diagnostic(`${sums.pulls} pulls, ${sums.deeds} deeds, a start takes ${Math.round(startTakes)} ms`)

  hub.bandwidth = undefined
  await server.start()
  for (const { path, content } of wanted) assertWhole(await fetchAll(server.url + path), content)
  await assertRightAtTheEnd(server, api)
})

/** After a clean-up nothing is left over. */
async function assertRightAtTheEnd({ dataDir, output }: Server, api: ApiClient): Promise<void> {
  await eventually('what the last run left was looked for', async () => {
    const { items } = await api.get('/jobs', {})
    return items.some(({ job, endedAt }) => job === 'sweep' && endedAt !== undefined)
  })
  // The jobs of the clock may be at it in the very same second.
  await eventually('it is verified', () =>
    isDone(api.stream('/verify', { names: [], repair: true, rate: 0 })),
  )
  await eventually('it is cleaned up', () => isDone(api.stream('/gc', { dryRun: false })))
  await assertStoreSound(dataDir)
  await assertNoParts(dataDir)
  assert.deepEqual(await readdir(join(dataDir, 'trash')), [])
  // A copy of the index may be in the making, as it was put back in the last start.
  await eventually('nothing half made is left', async () => {
    const names = await readdir(dataDir)
    return !names.some((name) => /half|restored|corrupt/.test(name))
  })
  const { disk } = await api.get('/stats', {})
  assert.deepEqual([disk.used, disk.reserved], [await du(dataDir), 0])
  const db = new Database(join(dataDir, 'cachalot.db'), { readonly: true })
  assert.equal(db.pragma('integrity_check', { simple: true }), 'ok')
  db.close()
  assert.doesNotMatch(output(), /unhandled|uncaught|"error":"internal"|put back/i)
}

async function isDone(lines: AsyncIterable<{ type: string; result?: unknown }>): Promise<boolean> {
  return await last(lines).then(
    () => true,
    (error: unknown) => {
      if ((error as { code?: string }).code === 'busy') return false
      throw error
    },
  )
}
