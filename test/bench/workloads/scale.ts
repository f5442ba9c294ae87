import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeBigIndex } from '../../support/big-index.ts'
import type { Bench, Row, Workload } from '../bench.ts'
import { timeQuestions } from '../scale/questions.ts'
import { startBigServer } from '../scale/start.ts'

const NOW = Date.UTC(2026, 0, 1)
const FULL = { blobs: 1_000_000, tags: 200_000, repositories: 10_000, now: NOW }
const QUICK = { blobs: 100_000, tags: 20_000, repositories: 1000, now: NOW }

const LISTS = [{ must: 100, aim: 50 }]
const ROWS: readonly Row[] = [
  {
    id: 'scale-start',
    title: '1 million blobs, 200,000 tags: start until a manifest',
    unit: 's',
    better: 'less',
    bounds: [{ must: 1, aim: 0.5 }],
  },
  { id: 'scale-first-list', title: '  first list of images', unit: 's', better: 'less', bounds: [] },
  { id: 'scale-list', title: '  list by what is only here, p95', unit: 'ms', better: 'less', bounds: LISTS },
  {
    id: 'scale-list-filtered',
    title: '  list with a filter, p95',
    unit: 'ms',
    better: 'less',
    bounds: LISTS,
  },
  { id: 'scale-list-deep', title: '  page 200 of a list, p95', unit: 'ms', better: 'less', bounds: LISTS },
  { id: 'scale-removal', title: '  what 100 images would free', unit: 'ms', better: 'less', bounds: [] },
  {
    id: 'scale-strays',
    title: '  files without rows, rows without files',
    unit: 's',
    better: 'less',
    bounds: [],
  },
]

/** An index as years of use leave it, and what people and jobs ask of it. Cachalot alone, once. */
export const scale: Workload = {
  name: 'scale',
  rows: ROWS,
  async run(bench) {
    const root = join(bench.folder, 'scale-data')
    const folder = join(bench.folder, 'scale')
    mkdirSync(folder)
    const began = performance.now()
    await makeBigIndex(root, bench.quick ? QUICK : FULL)
    console.log(`scale: index made in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    await measureStart(bench, { root, folder })
    await measureQuestions(bench, root)
    // Clean-up and what requests feel of it: measured here, in scale/gc.ts, on the same folder.
  },
}

async function measureStart(bench: Bench, { root, folder }: { root: string; folder: string }): Promise<void> {
  for (let round = 0; round < Math.min(bench.rounds, 3); round++) {
    const began = performance.now()
    const server = await startBigServer(root, { folder, upstreamUrl: bench.upstream.url })
    record(bench, 'scale-start', { value: (performance.now() - began) / 1000, round })
    await server.stop()
  }
}

async function measureQuestions(bench: Bench, root: string): Promise<void> {
  const times = await timeQuestions(root, NOW)
  record(bench, 'scale-first-list', { value: times.firstList / 1000 })
  record(bench, 'scale-list', { value: times.list })
  record(bench, 'scale-list-filtered', { value: times.listFiltered })
  record(bench, 'scale-list-deep', { value: times.listDeep })
  record(bench, 'scale-removal', { value: times.removal })
  record(bench, 'scale-strays', { value: times.strays / 1000 })
}

function record(bench: Bench, row: string, { value, round = 0 }: { value: number; round?: number }): void {
  bench.results.record(row, { subject: 'cachalot', round, value })
}
