import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '../../../src/domain/units.ts'
import { du } from '../../jobs/support.ts'
import {
  type Bench,
  type Row,
  recordOurs,
  settle,
  sized,
  verify,
  type Workload,
  withCachalot,
} from '../bench.ts'
import { type LruAsk, lruHits, zipf } from '../lru.ts'
import type { Subject } from '../subjects.ts'

const CLIENTS = 8
/** At most: each moves twenty times the budget. */
const ROUNDS = 2
/** Blobs are of 5 to 100 times the unit, ever larger and anew. */
const SMALLEST = 5
const LARGEST = 100
const STEP = 19

const ROWS: readonly Row[] = [
  {
    id: 'quota-speed',
    title: `new blobs of ten times the budget, ${CLIENTS} clients: speed ÷ that without a budget`,
    unit: 'times',
    better: 'more',
    bounds: [{ must: 0.85, aim: 0.97 }],
  },
  { id: 'quota-rate', title: '  its speed', unit: 'bytes/s', better: 'more', bounds: [] },
  {
    id: 'quota-over',
    title: '  most on disk beyond the budget, by du',
    unit: 'bytes',
    better: 'less',
    bounds: [{ must: 0, aim: 0 }],
  },
  {
    id: 'quota-hits',
    title: '  some blobs asked for more often (Zipf): hits ÷ those of an exact LRU',
    unit: 'times',
    better: 'more',
    bounds: [{ must: 0.95, aim: 0.97 }],
  },
  {
    id: 'quota-share',
    title: '    share of requests that are hits',
    unit: 'share',
    better: 'more',
    bounds: [],
  },
]

/** A cache that is full: every download makes something else leave. */
export const eviction: Workload = {
  name: 'eviction',
  rows: ROWS,
  async run(bench) {
    const unit = sized(bench, [MIB / 2, MIB / 4, MIB / 64])
    const maxSize = 1000 * unit
    for (let round = 0; round < Math.min(bench.rounds, ROUNDS); round++) {
      const stream = await newBlobs(bench, { unit, bytes: sized(bench, [10, 10, 2]) * maxSize })
      const free = await play(bench, { asks: stream, maxSize: undefined })
      const full = await play(bench, { asks: stream, maxSize })
      const popular = await newBlobs(bench, { unit, bytes: sized(bench, [4, 4, 2]) * maxSize })
      const chosen = zipf(popular.length * sized(bench, [8, 8, 2]), popular.length, round + 1)
      const asks = chosen.map((at) => popular[at]).filter((one) => one !== undefined)
      const zipped = await play(bench, { asks, maxSize })
      recordOurs(
        bench,
        {
          'quota-speed': free.seconds / full.seconds,
          'quota-rate': full.bytes / full.seconds,
          'quota-over': Math.max(full.most, zipped.most, maxSize) - maxSize,
          'quota-hits': zipped.hits / lruHits(asks, maxSize),
          'quota-share': zipped.hits / asks.length,
        },
        round,
      )
    }
  },
}

async function newBlobs(bench: Bench, { unit, bytes }: { unit: number; bytes: number }): Promise<LruAsk[]> {
  const made: LruAsk[] = []
  for (let sum = 0, i = 0; sum < bytes; i++) {
    const size = unit * (SMALLEST + ((i * STEP) % (LARGEST - SMALLEST + 1)))
    made.push({ name: await bench.upstream.newBlob(size), size })
    sum += size
  }
  return made
}

interface Played {
  readonly seconds: number
  readonly bytes: number
  /** Requests that the upstream did not see. */
  readonly hits: number
  /** Most bytes on disk at any look. */
  readonly most: number
}

function play(
  bench: Bench,
  { asks, maxSize }: { asks: readonly LruAsk[]; maxSize: number | undefined },
): Promise<Played> {
  const measure = async (subject: Subject): Promise<Played> => {
    await settle(bench)
    const before = await bench.upstream.stats()
    // Both are looked at, since looking costs something.
    const watching = watchDisk(join(subject.folder, 'data'))
    const paths = asks.map(({ name }) => name)
    const read = await bench.sink.run({ url: subject.url, paths, connections: CLIENTS, queue: true })
    await bench.upstream.quiet()
    const asked = (await bench.upstream.stats()).requests - before.requests
    const most = await watching.stop()
    await verify([subject], paths.slice(-1))
    return { seconds: read.seconds, bytes: read.bytes, hits: asks.length - asked, most }
  }
  const played: Played[] = []
  const setting = maxSize === undefined ? { maxSize: 0 } : { maxSize }
  const whole = withCachalot(bench, async (subject) => void played.push(await measure(subject)), setting)
  return whole.then(() => {
    const [one] = played
    if (one === undefined) throw new Error('nothing was played')
    return one
  })
}

/** Looks at a data folder until it is stopped, which gives the most it saw. */
function watchDisk(root: string): { stop(): Promise<number> } {
  let most = 0
  let going = true
  const watching = (async () => {
    while (going) {
      most = Math.max(most, await du(root))
      await sleep(50)
    }
  })()
  return {
    stop: async () => {
      going = false
      await watching
      return most
    },
  }
}
