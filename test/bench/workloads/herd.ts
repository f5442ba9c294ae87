import { MIB } from '../../../src/domain/units.ts'
import { eachRound, type Workload, withSubjects } from '../bench.ts'

const CLIENTS = 32
const RATE = 50 * MIB

/** 32 clients ask at once for a blob nobody has yet; every answer of the upstream moves 50 MiB/s. */
export const herd: Workload = {
  name: 'herd',
  rows: [
    {
      id: 'herd-upstream',
      title: '32 cold clients: upstream bytes ÷ blob',
      unit: 'times',
      better: 'less',
      bounds: [{ must: 1.01, aim: 1 }],
    },
    {
      id: 'herd-first-byte',
      title: '  slowest first byte',
      unit: 'ms',
      better: 'less',
      bounds: [{ must: 100, aim: 30 }],
    },
    { id: 'herd-wall', title: '  all have it all', unit: 's', better: 'less', bounds: [] },
  ],
  async run(bench) {
    const size = (bench.quick ? 32 : 64) * MIB
    const paths: string[] = []
    for (let round = 0; round < bench.rounds; round++) paths.push(await bench.upstream.newBlob(size))
    await bench.upstream.throttle(RATE)
    await withSubjects(bench, (subjects) =>
      eachRound(bench, subjects, async ({ name, url }, round) => {
        const before = await bench.upstream.stats()
        const read = await bench.sink.run({ url, paths: [paths[round] ?? ''], connections: CLIENTS })
        await bench.upstream.quiet()
        const sent = (await bench.upstream.stats()).bytes - before.bytes
        bench.results.record('herd-upstream', { subject: name, round, value: sent / size })
        bench.results.record('herd-first-byte', { subject: name, round, value: read.firstByteMs })
        bench.results.record('herd-wall', { subject: name, round, value: read.seconds })
      }),
    )
    await bench.upstream.throttle(0)
  },
}
