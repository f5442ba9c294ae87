import { join } from 'node:path'
import { GIB, MIB } from '../../../src/domain/units.ts'
import { checkEnded, scrubAll } from '../api.ts'
import { type Bench, recordOurs, settle, sized, type Workload, warm, withCachalot } from '../bench.ts'
import { cpuSeconds } from '../measure.ts'
import type { Subject } from '../subjects.ts'

const STREAMS = 8
/** Twice what the scheduled check takes. */
const RATE = 200 * MIB

/** Reading all content again: how fast it is, and what it costs those who pull meanwhile. */
export const scrub: Workload = {
  name: 'scrub',
  rows: [
    {
      id: 'scrub-rate',
      title: 'check of all content, unlimited',
      unit: 'bytes/s',
      better: 'more',
      bounds: [],
    },
    { id: 'scrub-cpu', title: '  its CPU per GiB', unit: 's/GiB', better: 'less', bounds: [] },
    {
      id: 'scrub-warm',
      title: `  at 200 MiB/s: warm blob, ${STREAMS} streams ÷ what they are alone`,
      unit: 'times',
      better: 'more',
      bounds: [{ must: 0.85, aim: 1 }],
    },
  ],
  async run(bench) {
    const size = sized(bench, [128, 64, 4]) * MIB
    const paths: string[] = []
    const count = sized(bench, [16, 8, 4])
    for (let blob = 0; blob < count; blob++) paths.push(await bench.upstream.newBlob(size))
    await withCachalot(bench, async (subject) => {
      for (const path of paths) await warm(bench, subject, path)
      await settle(bench)
      for (let round = 0; round < bench.rounds; round++)
        recordOurs(bench, await measure(bench, subject, paths), round)
    })
  },
}

async function measure(
  bench: Bench,
  subject: Subject,
  paths: readonly string[],
): Promise<Record<string, number>> {
  const root = join(subject.folder, 'data')
  const cpu = cpuSeconds(subject.pid)
  const { bytes, ms, blobs } = await scrubAll(root, 0)
  if (blobs < paths.length) throw new Error(`the check read ${blobs} of ${paths.length} blobs`)
  const cost = (cpuSeconds(subject.pid) - cpu) / (bytes / GIB)
  const alone = await stream(bench, subject, paths[0] ?? '')
  const end = new AbortController()
  const checking = scrubAll(root, RATE, end.signal).catch((error: unknown) => {
    if (!end.signal.aborted) throw error
  })
  const beside = await stream(bench, subject, paths[0] ?? '')
  end.abort()
  await checking
  await checkEnded(root)
  return { 'scrub-rate': bytes / (ms / 1000), 'scrub-cpu': cost, 'scrub-warm': beside / alone }
}

/** Bytes a second, for less time than the check takes. */
async function stream(bench: Bench, { url }: Subject, path: string): Promise<number> {
  const seconds = sized(bench, [4, 2, 0.3])
  const job = { url, paths: [path], connections: STREAMS, repeats: 1_000_000, seconds }
  const read = await bench.sink.run(job)
  return read.bytes / read.seconds
}
