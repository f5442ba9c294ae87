import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '../../../src/domain/units.ts'
import { checkEnded, gc, scrubAll } from '../api.ts'
import { type Bench, recordOurs, sized, verify, type Workload, warm, withCachalot } from '../bench.ts'
import { percentile, startPace } from '../scale/pace.ts'
import type { Subject } from '../subjects.ts'
import { manifestPath } from '../upstream.ts'

const STREAMS = 8
const FILLS = 8
/** Of each download: together what a fast line brings, not what the same machine could. */
const FILL_RATE = 10 * MIB
const MANIFESTS = 500
const SCRUB_RATE = 100 * MIB

/** Everything at once on one machine: warm streams, downloads, manifests, clean-ups and a check of all content. */
export const mixed: Workload = {
  name: 'mixed',
  rows: [
    {
      id: 'mixed-manifest',
      title: `${STREAMS} warm streams, ${FILLS} downloads of 10 MiB/s, gc, scrub: p99 of ${MANIFESTS} manifests/s`,
      unit: 'ms',
      better: 'less',
      bounds: [{ must: 30, aim: 10 }],
    },
    {
      id: 'mixed-warm',
      title: '  warm streams ÷ what they are alone',
      unit: 'times',
      better: 'more',
      bounds: [{ must: 0.6 }],
    },
  ],
  async run(bench) {
    const path = await bench.upstream.newBlob(sized(bench, [128, 64, 4]) * MIB)
    await withCachalot(bench, async (subject) => {
      await warm(bench, subject, path)
      await warm(bench, subject, manifestPath(bench.upstream.image.tag))
      for (let round = 0; round < bench.rounds; round++) {
        const alone = await stream(bench, subject, path)
        const all = await together(bench, subject, path)
        recordOurs(bench, { 'mixed-manifest': all.p99, 'mixed-warm': all.speed / alone }, round)
      }
    })
  },
}

const seconds = (bench: Bench): number => sized(bench, [4, 2, 0.5])

/** Bytes a second. */
async function stream(bench: Bench, { url }: Subject, path: string): Promise<number> {
  const job = { url, paths: [path], connections: STREAMS, repeats: 1_000_000, seconds: seconds(bench) }
  const read = await bench.sink.run(job)
  return read.bytes / read.seconds
}

async function together(
  bench: Bench,
  subject: Subject,
  path: string,
): Promise<{ speed: number; p99: number }> {
  const root = join(subject.folder, 'data')
  const paths: string[] = []
  const size = Math.ceil(FILL_RATE * (seconds(bench) + 0.5))
  for (let fill = 0; fill < FILLS; fill++) paths.push(await bench.upstream.newBlob(size))
  await bench.upstream.throttle(FILL_RATE)
  const end = new AbortController()
  const filling = bench.sink.run({ url: subject.url, paths, connections: FILLS })
  const jobs = keepBusy(root, end.signal)
  const pace = startPace(subject.url + manifestPath(bench.upstream.image.tag), { rate: MANIFESTS })
  const speed = await stream(bench, subject, path)
  const waited = await pace.stop()
  end.abort()
  await Promise.all([filling, jobs])
  await checkEnded(root)
  await bench.upstream.throttle(0)
  await verify([subject], paths)
  return { speed, p99: percentile(waited, 0.99) }
}

/** Cleans up and checks, again and again. */
async function keepBusy(root: string, signal: AbortSignal): Promise<void> {
  const cleaning = async (): Promise<void> => {
    while (!signal.aborted) {
      await gc(root, {})
      await sleep(200)
    }
  }
  const checking = async (): Promise<void> => {
    while (!signal.aborted) await scrubAll(root, SCRUB_RATE, signal).catch(unlessEnded(signal))
  }
  await Promise.all([cleaning(), checking()])
}

function unlessEnded(signal: AbortSignal) {
  return (error: unknown): void => {
    if (!signal.aborted) throw error
  }
}
