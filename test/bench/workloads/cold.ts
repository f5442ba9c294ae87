import { spawnSync } from 'node:child_process'
import { MIB } from '../../../src/domain/units.ts'
import { type Bench, eachRound, type Row, type Workload, withSubjects } from '../bench.ts'
import type { Subject } from '../subjects.ts'

interface Load {
  readonly row: string
  readonly size: number
  /** Bytes per second of an upstream answer; 0 = unthrottled. */
  readonly rate: number
  readonly pace?: 'everyday'
}

const ROWS: readonly Row[] = [
  {
    id: 'cold-everyday',
    title: 'cold blob, upstream unthrottled',
    unit: 's',
    better: 'less',
    bounds: [
      { against: 'direct', must: 1.4, aim: 1.2 },
      { against: 'docker-registry', must: 0.6 },
    ],
  },
  // Several GiB/s: hashing alone takes longer than reading directly, so nothing is promised, only shown.
  {
    id: 'cold-memory',
    title: '  the same from memory, faster than any network',
    unit: 's',
    better: 'less',
    bounds: [{ against: 'direct' }, { against: 'docker-registry' }],
  },
  {
    id: 'cold-100',
    title: 'cold blob, upstream 100 MiB/s',
    unit: 's',
    better: 'less',
    bounds: [{ against: 'direct', must: 1.03, aim: 1.01 }],
  },
]

/** A blob nobody has yet, read by one client; `direct` reads the same blob from the upstream itself. */
export const coldBlob: Workload = {
  name: 'cold',
  rows: ROWS,
  async run(bench) {
    const size = (bench.quick ? 256 : 512) * MIB
    const loads: Load[] = [
      { row: 'cold-everyday', size, rate: 0, pace: 'everyday' },
      { row: 'cold-memory', size, rate: 0 },
      { row: 'cold-100', size: size / 2, rate: 100 * MIB },
    ]
    await withSubjects(bench, async (subjects) => {
      for (const load of loads) await rounds(bench, subjects, load)
    })
  },
}

async function rounds(
  bench: Bench,
  subjects: readonly Subject[],
  { row, size, rate, pace }: Load,
): Promise<void> {
  const paths: string[] = []
  for (let round = 0; round < bench.rounds; round++) paths.push(await bench.upstream.newBlob(size, pace))
  await bench.upstream.throttle(rate)
  const read = [{ name: 'direct' as const, url: bench.upstream.url }, ...subjects]
  await eachRound(bench, read, async ({ name, url }, round) => {
    await settle(bench)
    const { seconds } = await bench.sink.run({ url, paths: [paths[round] ?? ''], connections: 1 })
    bench.results.record(row, { subject: name, round, value: seconds })
  })
  await bench.upstream.throttle(0)
}

/** What the one before still downloads or writes must not slow the next one. */
async function settle(bench: Bench): Promise<void> {
  await bench.upstream.quiet()
  spawnSync('sync')
}
