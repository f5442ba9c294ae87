import { MIB } from '../../../src/domain/units.ts'
import { ask } from '../ask.ts'
import { type Bench, eachRound, type Row, sized, type Workload, withSubjects, wrongBytes } from '../bench.ts'
import type { Subject } from '../subjects.ts'

const CLIENTS = [2, 8, 32, 64] as const
/** Clients of the round that is not timed, in which every byte is looked at. */
const CHECKED = 8
const RATE = 50 * MIB

/** Many clients ask at once for a blob nobody has yet; every answer of the upstream moves 50 MiB/s. */
export const herd: Workload = {
  name: 'herd',
  rows: CLIENTS.flatMap((clients) => herdRows(`herd-${clients}`, `${clients} cold clients`)),
  async run(bench) {
    const size = sized(bench, [64, 32, 2]) * MIB
    await bench.upstream.throttle(RATE)
    await withSubjects(bench, async (subjects) => {
      const alone: number[] = []
      for (const clients of [1, ...CLIENTS]) await play(bench, subjects, { clients, size, alone })
      for (const subject of subjects) await check(bench, subject, size)
    })
  },
}

/** Rows of one herd: what it costs the upstream, and what the slowest client feels. */
export function herdRows(id: string, title: string): Row[] {
  return [
    {
      id: `${id}-upstream`,
      title: `${title}: upstream bytes ÷ content`,
      unit: 'times',
      better: 'less',
      bounds: [{ must: 1.01, aim: 1 }],
    },
    {
      id: `${id}-first-byte`,
      title: '  slowest first byte',
      unit: 'ms',
      better: 'less',
      bounds: [{ must: 100, aim: 30 }],
    },
    {
      id: `${id}-wall`,
      title: '  until the slowest has it ÷ one client alone',
      unit: 'times',
      better: 'less',
      bounds: [{ must: 1.1, aim: 1.03 }],
    },
  ]
}

interface Herd {
  readonly clients: number
  readonly size: number
  /** Seconds of one client alone, by subject and round: filled by the herd of one. */
  readonly alone: number[]
}

async function play(
  bench: Bench,
  subjects: readonly Subject[],
  { clients, size, alone }: Herd,
): Promise<void> {
  const paths: string[] = []
  for (let round = 0; round < bench.rounds; round++) paths.push(await bench.upstream.newBlob(size))
  await eachRound(bench, subjects, async (subject, round) => {
    const at = subjects.indexOf(subject) * bench.rounds + round
    const before = await bench.upstream.stats()
    const job = { url: subject.url, paths: [paths[round] ?? ''], connections: clients }
    const read = await bench.sink.run(job)
    await bench.upstream.quiet()
    if (clients === 1) alone[at] = read.seconds
    if (clients === 1) return
    const sent = (await bench.upstream.stats()).bytes - before.bytes
    const record = (row: string, value: number): void =>
      bench.results.record(`herd-${clients}-${row}`, { subject: subject.name, round, value })
    record('upstream', sent / size)
    record('first-byte', read.firstByteMs)
    record('wall', read.seconds / (alone[at] ?? Number.NaN))
  })
}

async function check(bench: Bench, subject: Subject, size: number): Promise<void> {
  const path = await bench.upstream.newBlob(size / 2)
  const read = await Promise.all(Array.from({ length: CHECKED }, () => ask(subject.url + path)))
  if (read.some(({ digest }) => !path.endsWith(digest))) throw wrongBytes(subject, path)
}
