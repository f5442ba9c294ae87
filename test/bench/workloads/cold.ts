import { GIB, MIB } from '../../../src/domain/units.ts'
import {
  type Bench,
  eachRound,
  type Row,
  settle,
  sized,
  touchMemory,
  verify,
  type Workload,
  withSubjects,
} from '../bench.ts'
import { cpuSeconds } from '../measure.ts'
import type { Subject, SubjectName } from '../subjects.ts'

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
  {
    id: 'cold-20',
    title: 'cold blob, upstream 20 MiB/s',
    unit: 's',
    better: 'less',
    bounds: [{ against: 'direct', must: 1.03, aim: 1.01 }],
  },
  {
    id: 'cold-bytes',
    title: '  upstream bytes ÷ blob, worst of these',
    unit: 'times',
    better: 'less',
    bounds: [{ must: 1, aim: 1 }],
  },
  {
    id: 'cold-cpu',
    title: '  CPU per GiB, upstream unthrottled',
    unit: 's/GiB',
    better: 'less',
    bounds: [{ against: 'docker-registry' }],
  },
]

/** A blob nobody has yet, read by one client; `direct` reads the same blob from the upstream itself. */
export const coldBlob: Workload = {
  name: 'cold',
  rows: ROWS,
  async run(bench) {
    const size = sized(bench, [512, 256, 8]) * MIB
    const loads: Load[] = [
      { row: 'cold-everyday', size, rate: 0, pace: 'everyday' },
      { row: 'cold-memory', size, rate: 0 },
      { row: 'cold-100', size: size / 2, rate: 100 * MIB },
      { row: 'cold-20', size: sized(bench, [40, 20, 4]) * MIB, rate: 20 * MIB },
    ]
    await withSubjects(bench, async (subjects) => {
      const worst = createWorst(bench)
      for (const load of loads) await rounds(bench, subjects, { load, worst })
    })
  },
}

async function rounds(
  bench: Bench,
  subjects: readonly Subject[],
  { load, worst }: { load: Load; worst: ReturnType<typeof createWorst> },
): Promise<void> {
  const { row, size, rate, pace } = load
  const paths: string[] = []
  for (let round = 0; round < bench.rounds; round++) paths.push(await bench.upstream.newBlob(size, pace))
  const read = [{ name: 'direct' as const, url: bench.upstream.url, pid: undefined }, ...subjects]
  await eachRound(bench, read, async ({ name, url, pid }, round) => {
    await bench.upstream.throttle(rate)
    await settle(bench)
    touchMemory(bench, 2 * size)
    const before = await bench.upstream.stats()
    const cpu = pid === undefined ? 0 : cpuSeconds(pid)
    const { seconds } = await bench.sink.run({ url, paths: [paths[round] ?? ''], connections: 1 })
    bench.results.record(row, { subject: name, round, value: seconds })
    await bench.upstream.quiet()
    worst(name, round, ((await bench.upstream.stats()).bytes - before.bytes) / size)
    if (pid === undefined || row !== 'cold-everyday') return
    const value = (cpuSeconds(pid) - cpu) / (size / GIB)
    bench.results.record('cold-cpu', { subject: name, round, value })
  })
  await bench.upstream.throttle(0)
  await verify(subjects, paths.slice(0, 1))
}

/** Records the most of what it was told of a subject in a round. */
function createWorst(bench: Bench) {
  const most = new Map<string, number>()
  return (subject: SubjectName, round: number, times: number): void => {
    const value = Math.max(times, most.get(`${subject} ${round}`) ?? 0)
    most.set(`${subject} ${round}`, value)
    bench.results.record('cold-bytes', { subject, round, value })
  }
}
