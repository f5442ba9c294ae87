import { MIB } from '../../../src/domain/units.ts'
import { type Bench, sized, type Workload, warm, withSubjects } from '../bench.ts'
import { peakResident, resetPeak } from '../measure.ts'
import type { SinkJob } from '../sink.ts'
import type { Subject } from '../subjects.ts'

const COLD = 64
const SLOW_READERS = 500

/** Highest resident memory, from a fresh start each time: it hardly varies, so more rounds tell no more. */
export const memory: Workload = {
  name: 'memory',
  rows: [
    {
      id: 'memory-cold',
      title: 'memory, 64 cold downloads',
      unit: 'bytes',
      better: 'less',
      bounds: [{ must: 350 * MIB, aim: 220 * MIB }],
    },
    {
      id: 'memory-slow',
      title: 'memory, 500 slow readers',
      unit: 'bytes',
      better: 'less',
      bounds: [{ must: 300 * MIB, aim: 200 * MIB }],
    },
  ],
  async run(bench) {
    for (let round = 0; round < sized(bench, [2, 1, 1]); round++) {
      for (const measure of [coldDownloads, slowReaders]) {
        await withSubjects(bench, async (subjects) => {
          for (const subject of subjects) await measure(bench, subject, round)
        })
      }
    }
  },
}

async function coldDownloads(bench: Bench, subject: Subject, round: number): Promise<void> {
  const paths: string[] = []
  for (let i = 0; i < COLD; i++) paths.push(await bench.upstream.newBlob(sized(bench, [16, 8, 1]) * MIB))
  const value = await peakDuring(bench, subject, { paths, connections: COLD })
  bench.results.record('memory-cold', { subject: subject.name, round, value })
}

async function slowReaders(bench: Bench, subject: Subject, round: number): Promise<void> {
  const path = await bench.upstream.newBlob(sized(bench, [128, 64, 4]) * MIB)
  await warm(bench, subject, path)
  const job = { paths: [path], connections: SLOW_READERS, rate: MIB / 4, seconds: sized(bench, [3, 2, 1]) }
  const value = await peakDuring(bench, subject, job)
  bench.results.record('memory-slow', { subject: subject.name, round, value })
}

async function peakDuring(bench: Bench, subject: Subject, job: Omit<SinkJob, 'url'>): Promise<number> {
  resetPeak(subject.pid)
  await bench.sink.run({ ...job, url: subject.url })
  await bench.upstream.quiet()
  return peakResident(subject.pid)
}
