import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIB } from '../../../src/domain/units.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { makeBigIndex } from '../../support/big-index.ts'
import { ask } from '../ask.ts'
import { type Bench, eachRound, type Row, sized, type Workload } from '../bench.ts'
import { type ConsoleTimes, timeConsole } from '../scale/console.ts'
import { type Felt, sweepEnd, timeGc } from '../scale/gc.ts'
import { indexBytes, watchLog } from '../scale/index-size.ts'
import { timeQuestions } from '../scale/questions.ts'
import { indexRebuilt, realManifests, startBigServer } from '../scale/start.ts'
import { startStreams } from '../scale/streams.ts'
import { installed } from '../subjects.ts'
import { askMany } from '../wrk.ts'

const NOW = Date.UTC(2026, 0, 1)
const FULL = { blobs: 1_000_000, tags: 200_000, repositories: 10_000, now: NOW }
const QUICK = { blobs: 100_000, tags: 20_000, repositories: 1000, now: NOW }
const TINY = { blobs: 3000, tags: 500, repositories: 100, now: NOW }
/** What its rate is compared with. */
const SMALL = { blobs: 1000, tags: 100, repositories: 60, now: NOW }
const ASKED = 60
const STARTS = 3

type Limits = Pick<Row['bounds'][number], 'must' | 'aim'>

const row = (id: string, title: string, unit: Row['unit'], limits?: Limits): Row => ({
  id: `scale-${id}`,
  title,
  unit,
  better: 'less',
  bounds: limits === undefined ? [] : [limits],
})

const LOOP = { must: 50, aim: 20 }
const LIST = { must: 100, aim: 50 }
const PREVIEW = { must: 400 }
const ROWS: readonly Row[] = [
  row('start', 'a million blobs (--quick: 100,000): start until a manifest', 's', { must: 1, aim: 0.3 }),
  row('start-killed', '  start after the last run was killed', 's', { must: 1, aim: 0.3 }),
  row('start-lost', '  start when the index was lost, from its copy', 's', { must: 2, aim: 0.3 }),
  row('rebuilt', '    until all files were looked through', 's', { must: 120, aim: 45 }),
  row('index', '  index, for each blob', 'bytes', { must: 500, aim: 350 }),
  row('log', '  its log at most', 'bytes', { must: 64 * MIB }),
  {
    ...row('rate', '  manifests/s by 32 connections ÷ those of a thousand blobs', 'times'),
    better: 'more',
    bounds: [{ must: 0.9 }],
  },
  row('first-list', '  first list of images', 's'),
  row('list', '  list by what is only here, p95', 'ms', LIST),
  row('list-filtered', '  lists with filters and orders of all kinds, p95', 'ms', LIST),
  row('list-deep', '  page 200 of a list, p95', 'ms', LIST),
  row('removal', '  what 100 images would free', 'ms'),
  row('console-first', '  console: first list when there never was one', 'ms'),
  row('console-again', '  console: first list after a start', 'ms'),
  row('console-list', '  console: lists in any order, p95', 'ms', LIST),
  row('console-filter', '  console: lists with filters, p95', 'ms', LIST),
  row('console-tree', '  console: a branch of the tree, p95', 'ms', { must: 150 }),
  row('console-tags', '  console: tags of the largest repositories, p95', 'ms', LIST),
  row('console-untagged', '  console: what has no tag there, p95', 'ms', LIST),
  row('console-overview', '  console: overview, p95', 'ms', LIST),
  row('console-previewNames', '  console: what evicting 5,000 tags would free, p95', 'ms', PREVIEW),
  row('console-previewFilter', '  console: what evicting by a filter would free, p95', 'ms', PREVIEW),
  row('idle-loop', '  event loop while nothing is cleaned up, p99', 'ms'),
  row('idle-manifest', '  manifest at 200/s, p99', 'ms'),
  row('plan', '  gc --dry-run that finds garbage', 's', { must: 5 }),
  row('plan-loop', '    event loop meanwhile, p99', 'ms', LOOP),
  row('plan-manifest', '    manifest at 200/s meanwhile, p99', 'ms'),
  row('gc', '  gc without garbage', 's', { must: 10, aim: 4 }),
  row('gc-loop', '    event loop meanwhile, p99', 'ms', LOOP),
  row('gc-longest', '    longest time that it was kept', 'ms'),
  row('gc-manifest', '    manifest at 200/s meanwhile, p99', 'ms'),
  row('busy-manifest', '  64 clients pull: manifest at 200/s, p99', 'ms'),
  row('free', '  gc that frees a tenth of the bytes meanwhile', 's'),
  row('free-loop', '    event loop meanwhile, p99', 'ms', LOOP),
  row('free-longest', '    longest time that it was kept', 'ms'),
  row('free-manifest', '    manifest meanwhile, p99, to that before', 'times', { must: 2, aim: 1.3 }),
  row('free-failed', '    pulls that failed', 'count', { must: 0, aim: 0 }),
  row('half', '  gc that frees half of the bytes', 's', { must: 90, aim: 50 }),
  row('half-each', '    for each blob', 'ms'),
  row('half-loop', '    event loop meanwhile, p99', 'ms', LOOP),
  row('half-longest', '    longest time that it was kept', 'ms'),
  row('half-manifest', '    manifest at 200/s meanwhile, p99', 'ms'),
  row('memory', '  memory after that, without pages of the index', 'bytes'),
]

/** An index as years of use leave it, and what people and jobs ask of it. Cachalot alone, once. */
export const scale: Workload = {
  name: 'scale',
  rows: ROWS,
  async run(bench) {
    const place = { root: join(bench.folder, 'scale-data'), folder: join(bench.folder, 'scale') }
    mkdirSync(place.folder)
    const began = performance.now()
    const size = sized(bench, [FULL, QUICK, TINY])
    await makeBigIndex(place.root, size)
    console.log(`scale: index made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    record(bench, 'index', { value: indexBytes(place.root) / size.blobs })
    const log = watchLog(place.root)
    await measureStart(bench, place)
    await measureQuestions(bench, place.root)
    await measureConsole(bench, place)
    if (installed('wrk')) await measureRate(bench, place)
    await measureLost(bench, place)
    await measureGc(bench, place)
    record(bench, 'log', { value: await log.stop() })
  },
}

interface Place {
  readonly root: string
  readonly folder: string
}

/** The folder is new, and so not marked as closed in order: the first start is one after a crash. */
async function measureStart(bench: Bench, { root, folder }: Place): Promise<void> {
  const setting = { folder, upstreamUrl: bench.upstream.url }
  const killed = await startBigServer(root, setting)
  record(bench, 'start-killed', { value: killed.startedIn })
  await sweepEnd(root)
  await killed.stop()
  for (let round = 0; round < Math.min(bench.rounds, STARTS); round++) {
    const server = await startBigServer(root, setting)
    record(bench, 'start', { value: server.startedIn, round })
    await server.stop()
  }
}

async function measureQuestions(bench: Bench, root: string): Promise<void> {
  const times = await timeQuestions(root, NOW)
  record(bench, 'first-list', { value: times.firstList / 1000 })
  record(bench, 'list', { value: times.list })
  record(bench, 'list-filtered', { value: times.listFiltered })
  record(bench, 'list-deep', { value: times.listDeep })
  record(bench, 'removal', { value: times.removal })
}

/** Twice: once it has been up, a server finds the lists of that time. */
async function measureConsole(bench: Bench, { root, folder }: Place): Promise<void> {
  const setting = { folder, upstreamUrl: bench.upstream.url }
  for (const suffix of ['lists', 'totals']) rmSync(join(root, `cachalot.db.${suffix}`), { force: true })
  const fresh = await startBigServer(root, setting)
  record(bench, 'console-first', { value: (await timeConsole(root)).first })
  await fresh.stop()
  const server = await startBigServer(root, setting)
  const { first, ...times }: ConsoleTimes = await timeConsole(root)
  await server.stop()
  record(bench, 'console-again', { value: first })
  for (const [id, value] of Object.entries(times)) record(bench, `console-${id}`, { value })
}

/** Two servers side by side, asked in turn: they differ in nothing but what they know. */
async function measureRate(bench: Bench, { root, folder }: Place): Promise<void> {
  const few = { root: join(folder, 'few-data'), folder: join(folder, 'few') }
  mkdirSync(few.folder)
  await makeBigIndex(few.root, SMALL)
  const servers = []
  for (const place of [few, { root, folder }]) {
    const server = await startBigServer(place.root, { ...place, upstreamUrl: bench.upstream.url })
    const file = join(place.folder, 'paths')
    writeFileSync(file, `${realManifests(place.root, ASKED).join('\n')}\n`)
    await askMany(server.url, file, sized(bench, [1, 1, 0.5]))
    servers.push({ server, file, isFew: place === few })
  }
  const rates: Record<string, number> = {}
  await eachRound(bench, servers, async ({ server, file, isFew }, round) => {
    const { rate } = await askMany(server.url, file, sized(bench, [2, 1, 0.5]))
    rates[`${isFew} ${round}`] = rate
  })
  for (let round = 0; round < bench.rounds; round++) {
    const value = (rates[`false ${round}`] ?? Number.NaN) / (rates[`true ${round}`] ?? Number.NaN)
    record(bench, 'rate', { value, round })
  }
  for (const { server } of servers) await server.stop()
}

async function measureGc(bench: Bench, { root, folder }: Place): Promise<void> {
  const server = await startBigServer(root, { folder, upstreamUrl: bench.upstream.url })
  const blob = await bench.upstream.newBlob(8 * MIB)
  await ask(server.url + blob)
  const load = () => startStreams(bench, server, blob)
  const found = await timeGc({ server, root, load, idleMs: sized(bench, [5000, 3000, 500]) })
  const { idle, plan, clean, busy, freeing, halving } = found
  record(bench, 'idle-loop', { value: idle.loopP99 })
  record(bench, 'idle-manifest', { value: idle.manifestP99 })
  record(bench, 'busy-manifest', { value: busy.manifestP99 })
  recordFelt(bench, 'plan', plan)
  recordFelt(bench, 'gc', clean)
  recordFelt(bench, 'free', freeing)
  recordFelt(bench, 'half', halving)
  // A machine that has nothing else to do answers sooner than any that shares its cores: only these are comparable.
  record(bench, 'free-manifest', { value: freeing.manifestP99 / busy.manifestP99 })
  record(bench, 'gc-longest', { value: clean.loopLongest })
  record(bench, 'free-longest', { value: freeing.loopLongest })
  record(bench, 'free-failed', { value: found.failed })
  record(bench, 'half-longest', { value: halving.loopLongest })
  record(bench, 'half-each', { value: halving.took / found.freed })
  record(bench, 'memory', { value: found.memory })
  await server.stop()
}

/** The copy is from the last time that the server was closed in order. */
async function measureLost(bench: Bench, { root, folder }: Place): Promise<void> {
  const [manifest = ''] = realManifests(root, 1)
  for (const suffix of ['', '-wal', '-shm']) rmSync(layoutOf(root).index + suffix, { force: true })
  const began = performance.now()
  const server = await startBigServer(root, { folder, upstreamUrl: bench.upstream.url, manifest })
  record(bench, 'start-lost', { value: server.startedIn })
  await indexRebuilt(folder)
  record(bench, 'rebuilt', { value: (performance.now() - began) / 1000 })
  await server.stop()
}

function recordFelt(bench: Bench, id: string, felt: Felt): void {
  record(bench, id, { value: felt.took / 1000 })
  record(bench, `${id}-loop`, { value: felt.loopP99 })
  if (id !== 'free') record(bench, `${id}-manifest`, { value: felt.manifestP99 })
}

function record(bench: Bench, id: string, { value, round = 0 }: { value: number; round?: number }): void {
  bench.results.record(`scale-${id}`, { subject: 'cachalot', round, value })
}
