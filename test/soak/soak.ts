import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectApi } from '../../src/api/client.ts'
import { socketAddress } from '../../src/api/socket.ts'
import { median } from '../bench/measure.ts'
import { operate } from '../e2e/kill-load.ts'
import { createRandom } from '../e2e/kill-random.ts'
import { createServerOn, type Server } from '../e2e/process.ts'
import { assertStoreSound, eventually, MIB, parts } from '../e2e/support.ts'
import { du } from '../jobs/support.ts'
import { type FakeUpstream, startFakeUpstream } from '../support/fake-upstream.ts'
import { newTally, type Tally, wander, whole } from './clients.ts'
import { type Good, stock } from './goods.ts'
import { readVitals, residentOf, type Vitals } from './vitals.ts'
import { changeWeather } from './weather.ts'

export interface SoakOptions {
  /** Milliseconds of load, … */
  readonly length: number
  /** … and how many of them, at the beginning, have restarts. */
  readonly restless: number
  /** Milliseconds between two moments at which everything is looked at. */
  readonly phase: number
  /** Bytes that the cache may keep. */
  readonly budget: number
  /** MiB of heap that the server may have. */
  readonly heap: number
  readonly clients: number
  readonly seed: number
  readonly folder: string
  readonly say: (text: string) => void
}

export interface SoakReport {
  readonly seed: number
  readonly seconds: number
  readonly tally: Tally
  readonly deeds: number
  readonly struck: number
  readonly restarts: number
  readonly kills: number
  /** Greatest that was seen. */
  readonly disk: number
  readonly resident: number
  /** At the quiet moments of the time without restarts. */
  readonly quiet: readonly Vitals[]
}

/** Descriptors that may come and go: kept connections, the index, the log. */
const LOOSE_DESCRIPTORS = 24
/** Runs shorter than that say nothing of memory. */
const TELLING = 8 * 60_000

/** Everything that happens to a cache, all at once, for as long as one likes. Rejects with what went wrong. */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { budget, length, restless, phase, say } = options
  const hub = await startFakeUpstream()
  const server = await createServerOn(options.folder, hub, {
    storage: { max_size: String(budget), evict_to: '80%' },
    more: { limits: { requests: '0' }, cache: { tag_ttl: '0', finish_abandoned: '256KiB' } },
    jobs: { gc: '*/7 * * * * *', scrub: '*/29 * * * * *' },
    nodeOptions: [`--max-old-space-size=${options.heap}`],
  })
  const world = createWorld(options, { hub, server })
  try {
    await server.start()
    const rounds = Math.max(2, Math.round(length / phase))
    for (let round = 0; round < rounds; round++) {
      const isRestless = round * phase < restless
      await world.live(phase)
      await world.look(!isRestless)
      if (isRestless) await world.restart(round)
      say(world.line(round, rounds))
    }
    await world.finish()
    return world.report()
  } finally {
    world.end()
    await server.kill()
    await hub.close()
  }
}

function createWorld(options: SoakOptions, { hub, server }: { hub: FakeUpstream; server: Server }) {
  const { seed, clients, budget } = options
  const { dataDir, url } = server
  const goods = stock(hub, budget)
  const tally = newTally()
  const address = socketAddress(dataDir)
  const api = connectApi(address.path)
  const began = performance.now()
  const quiet: Vitals[] = []
  const most = { disk: 0, resident: 0 }
  const counts = { deeds: 0, struck: 0, restarts: 0, kills: 0, lives: 0 }

  /** Clients, operator and weather for a while; then all of them have ended. */
  const live = async (ms: number): Promise<void> => {
    const stop = new AbortController()
    const { signal } = stop
    const randomOf = (who: number) => createRandom(seed + counts.lives * 1000 + who)
    const all = Array.from({ length: clients }, (_, who) =>
      wander({ url, goods, tally, random: randomOf(who) }, signal),
    )
    all.push(operate(api, { random: randomOf(900), signal, did: () => void counts.deeds++ }))
    const weather = changeWeather(hub, { random: randomOf(901), signal })
    counts.lives++
    const watching = watch(signal)
    const failed = Promise.all([...all, watching])
    try {
      await Promise.race([sleep(ms), failed])
    } finally {
      stop.abort()
    }
    await failed
    counts.struck += await weather
    hub.faults.clear()
  }

  const watch = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const bytes = await du(dataDir)
      assert.ok(bytes <= budget, `${bytes} bytes on disk, ${budget} are allowed`)
      most.disk = Math.max(most.disk, bytes)
      const pid = server.pid()
      if (pid !== undefined) most.resident = Math.max(most.resident, await residentOf(pid).catch(() => 0))
      await sleep(50)
    }
  }

  /** Once it is quiet nothing of what was is held any more. */
  const look = async (isSteady: boolean): Promise<void> => {
    const pid = server.pid()
    assert.ok(pid !== undefined, `the server is gone: ${server.output().slice(-2000)}`)
    let now: Vitals | undefined
    await eventually('downloads, readers and promises end', async () => {
      now = await readVitals(url, pid, dataDir)
      return now.flights + now.readers + now.reserved + now.contentFiles === 0
    })
    const { disk } = await api.get('/stats', {})
    await eventually('what it thinks is there is there', async () => {
      const { disk: again } = await api.get('/stats', {})
      return again.used === (await du(dataDir))
    })
    assert.ok(disk.used <= budget)
    if (now !== undefined && isSteady) quiet.push(now)
  }

  return {
    live,
    look,
    /** In order, or not. */
    restart: async (round: number): Promise<void> => {
      if (round % 2 === 0) {
        await server.stop()
        counts.restarts++
      } else {
        // In the middle of everything.
        await liveAndKill()
        counts.kills++
      }
      await server.start()
    },
    finish: async (): Promise<void> => {
      await eventually('everything can be had again', async () => await allRight(url, goods), 60_000)
      await look(true)
      await assertStoreSound(dataDir)
      const growing = await parts(dataDir)
      assert.ok(growing.length <= clients, `${growing.length} parts are left`)
      assertSteady(quiet, options.length - options.restless)
      assert.doesNotMatch(server.output(), /unhandled|uncaught|"error":"internal"|out of memory/i)
    },
    line: (round: number, rounds: number): string => {
      const { whole, ranges, refused, cut } = tally
      const rss = Math.round((quiet.at(-1)?.resident ?? most.resident) / MIB)
      const done = `${whole} whole, ${ranges} ranges, ${refused} refused, ${cut} cut`
      return `${round + 1}/${rounds}: ${done}, ${counts.deeds} deeds, ${rss} MiB resident`
    },
    report: (): SoakReport => ({
      seed,
      seconds: Math.round((performance.now() - began) / 1000),
      tally,
      ...counts,
      ...most,
      quiet,
    }),
    end: () => address.release(),
  }

  async function liveAndKill(): Promise<void> {
    const living = live(1500)
    await sleep(1000)
    await server.kill()
    await living
  }
}

/** All of it, one after the other. */
async function allRight(url: string, goods: readonly Good[]): Promise<boolean> {
  const tally = newTally()
  for (const good of goods) await whole({ url, goods, tally, random: () => 0 }, good)
  return tally.whole === goods.length
}

/** Neither memory nor descriptors grow with time. */
function assertSteady(quiet: readonly Vitals[], length: number): void {
  const [first] = quiet
  assert.ok(first !== undefined)
  for (const { descriptors } of quiet)
    assert.ok(descriptors <= first.descriptors + LOOSE_DESCRIPTORS, `${descriptors} descriptors`)
  if (length < TELLING || quiet.length < 8) return
  const quarter = Math.floor(quiet.length / 4)
  const early = quiet.slice(quarter, 2 * quarter)
  const late = quiet.slice(-quarter)
  const heaps = [early, late].map((some) => Math.min(...some.map(({ heap }) => heap)))
  const residents = [early, late].map((some) => median(some.map(({ resident }) => resident)))
  const [heapThen = 0, heapNow = 0] = heaps
  const [residentThen = 0, residentNow = 0] = residents
  assert.ok(heapNow <= heapThen * 1.1 + 4 * MIB, `the heap grew from ${heapThen} to ${heapNow} bytes`)
  assert.ok(residentNow <= residentThen * 1.1 + 8 * MIB, `it grew from ${residentThen} to ${residentNow}`)
}
