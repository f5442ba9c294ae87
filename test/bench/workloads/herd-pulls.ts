import { MIB } from '../../../src/domain/units.ts'
import { ask } from '../ask.ts'
import { type Bench, eachRound, sized, verify, type Workload, withSubjects, wrongBytes } from '../bench.ts'
import type { Subject } from '../subjects.ts'
import { type BenchImage, blobPath, manifestPath } from '../upstream.ts'
import { herdRows } from './herd.ts'

const CLIENTS = 32
const LAYERS = 8
/** So that a pull as a whole comes at 50 MiB/s: beyond what the machine can send to all, nobody waits for a cache. */
const RATE = (50 * MIB) / LAYERS

/** 32 clients pull at once an image of 8 layers nobody has yet: the tag first, then all layers side by side. */
export const pullHerd: Workload = {
  name: 'pulls',
  rows: herdRows('pulls', `${CLIENTS} cold pulls of ${LAYERS} layers`),
  async run(bench) {
    const size = sized(bench, [16, 8, 1]) * MIB
    await bench.upstream.throttle(RATE)
    await withSubjects(bench, (subjects) =>
      eachRound(bench, subjects, async (subject, round) => {
        const alone = await pull(bench, subject, { size, clients: 1 })
        const all = await pull(bench, subject, { size, clients: CLIENTS })
        const record = (row: string, value: number): void =>
          bench.results.record(`pulls-${row}`, { subject: subject.name, round, value })
        record('upstream', all.upstreamShare)
        record('first-byte', all.firstByteMs)
        record('wall', all.seconds / alone.seconds)
      }),
    )
  },
}

interface Pulled {
  readonly seconds: number
  readonly firstByteMs: number
  /** Bytes that the upstream sent, to those of the image. */
  readonly upstreamShare: number
}

async function pull(
  bench: Bench,
  subject: Subject,
  { size, clients }: { size: number; clients: number },
): Promise<Pulled> {
  const { url } = subject
  const image = await bench.upstream.newImage(LAYERS, size)
  const before = await bench.upstream.stats()
  const began = performance.now()
  const head = await askTag(subject, image, clients)
  const paths = [image.config, ...image.layers].map(blobPath)
  const read = await bench.sink.run({ url, paths, connections: clients * paths.length })
  const seconds = (performance.now() - began) / 1000
  await bench.upstream.quiet()
  const after = await bench.upstream.stats()
  if (clients > 1) await verify([subject], paths)
  return {
    seconds,
    firstByteMs: Math.max(head, read.firstByteMs),
    upstreamShare: (after.bytes - before.bytes) / image.bytes,
  }
}

/** Milliseconds of the slowest. */
async function askTag(subject: Subject, image: BenchImage, clients: number): Promise<number> {
  const path = manifestPath(image.tag)
  const heads = await Promise.all(Array.from({ length: clients }, () => ask(subject.url + path)))
  if (heads.some(({ digest }) => digest !== image.manifest)) throw wrongBytes(subject, path)
  return Math.max(...heads.map(({ firstByteMs }) => firstByteMs))
}
