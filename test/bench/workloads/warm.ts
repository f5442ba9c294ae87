import { GIB, MIB } from '../../../src/domain/units.ts'
import { type Bench, eachRound, type Row, sized, type Workload, warm, withSubjects } from '../bench.ts'
import { cpuSeconds, peakResident, resetPeak } from '../measure.ts'
import type { Subject } from '../subjects.ts'

/** Streams, and how often each reads the blob: enough bytes for about a second. */
const LOADS = [
  { streams: 1, repeats: 24 },
  { streams: 8, repeats: 4 },
  { streams: 64, repeats: 1 },
] as const

type Load = (typeof LOADS)[number]

/** A blob in the page cache, many times the size of a processor's cache, read by 1, 8 and 64 clients at once. */
export const warmBlob: Workload = {
  name: 'warm',
  rows: [...LOADS.flatMap(rowsOf), ...memoryRow()],
  async run(bench) {
    const path = await bench.upstream.newBlob(sized(bench, [128, 64, 4]) * MIB)
    await withSubjects(bench, async (subjects) => {
      for (const subject of subjects) await warm(bench, subject, path)
      for (const load of LOADS) {
        await eachRound(bench, subjects, (subject, round) => measure(bench, { subject, round, load, path }))
      }
    })
  },
}

function rowsOf({ streams }: Load): Row[] {
  const title = `warm blob, ${streams} stream${streams > 1 ? 's' : ''}`
  const speed = [
    { against: 'docker-registry', must: 1.0, aim: 1.2 },
    { against: 'nginx', must: 0.9, aim: 1.0 },
  ] as const
  const cost = [
    { against: 'docker-registry', must: 1.0 },
    { against: 'nginx', aim: 1.0 },
  ] as const
  return [
    { id: `warm-${streams}`, title, unit: 'bytes/s', better: 'more', bounds: speed },
    { id: `warm-${streams}-cpu`, title: `  its CPU per GiB`, unit: 's/GiB', better: 'less', bounds: cost },
  ]
}

function memoryRow(): Row[] {
  const bounds = [{ must: 200 * MIB, aim: 130 * MIB }]
  return [{ id: 'memory-warm', title: 'memory, 64 warm streams', unit: 'bytes', better: 'less', bounds }]
}

async function measure(
  bench: Bench,
  { subject, round, load, path }: { subject: Subject; round: number; load: Load; path: string },
): Promise<void> {
  resetPeak(subject.pid)
  const before = cpuSeconds(subject.pid)
  const job = { url: subject.url, paths: [path], connections: load.streams, repeats: load.repeats }
  const { bytes, seconds } = await bench.sink.run(job)
  const cpu = cpuSeconds(subject.pid) - before
  const record = (row: string, value: number) =>
    bench.results.record(row, { subject: subject.name, round, value })
  record(`warm-${load.streams}`, bytes / seconds)
  record(`warm-${load.streams}-cpu`, cpu / (bytes / GIB))
  if (load.streams === 64) record('memory-warm', peakResident(subject.pid))
}
