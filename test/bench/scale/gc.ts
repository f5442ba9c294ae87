import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { gc, withApi } from '../api.ts'
import { percentile, startPace } from './pace.ts'
import type { BigServer } from './start.ts'

const CLEAN_RUNS = 4
/** Of all bytes, what a clean-up is to free while many clients pull, … */
const TENTH = 0.1
/** … and what the last one is to free. */
const HALF = 0.5

/** What a running server was like during some work; milliseconds. */
export interface Felt {
  readonly took: number
  readonly loopP99: number
  readonly loopLongest: number
  /** Of a warm manifest, asked for at a steady pace. */
  readonly manifestP99: number
}

export interface GcTimes {
  readonly idle: Felt
  /** A dry run that finds garbage. */
  readonly plan: Felt
  /** A run that finds none. */
  readonly clean: Felt
  /** Nothing, and one that frees a tenth, while clients pull. */
  readonly busy: Felt
  readonly freeing: Felt
  /** One that frees half of what is left. */
  readonly halving: Felt
  /** Objects that this one freed. */
  readonly freed: number
  /** Memory of the server at the end, bytes; pages of the index that it looks at are not counted. */
  readonly memory: number
}

/** A load beside the work. `stop` gives how many of its pulls failed. */
export interface Load {
  stop(): Promise<number>
}

export interface GcScene {
  readonly server: BigServer
  readonly root: string
  /** How long to look at a server that does nothing, milliseconds. */
  readonly idleMs: number
  /** Many clients that pull. */
  load(): Load
}

/** Cleans up through the API of a server on a big index, while a client goes on asking for a manifest. */
export async function timeGc(scene: GcScene): Promise<GcTimes & { failed: number }> {
  const { server, root, idleMs } = scene
  const idle = await feel(server, () => sleep(idleMs))
  const plan = await feel(server, () => gc(root, { dryRun: true }))
  let report = await gc(root, {})
  // What was replaced long ago goes in portions.
  while (report.objects > 0) report = await gc(root, {})
  // One run is over before its slowest requests are told from a busy machine's.
  const thrice = await feel(server, async () => {
    for (let run = 0; run < CLEAN_RUNS; run++) report = await gc(root, {})
  })
  const clean = { ...thrice, took: thrice.took / CLEAN_RUNS }
  const load = scene.load()
  await sleep(idleMs / 5)
  const busy = await feel(server, () => sleep(idleMs))
  const free = (share: number) => gc(root, { free: Math.floor(report.before * share) })
  const freeing = await feel(server, () => free(TENTH))
  const failed = await load.stop()
  report = await gc(root, {})
  const halving = await feel(server, async () => {
    report = await free(HALF)
  })
  const freed = report.objects
  return { idle, plan, clean, busy, freeing, halving, freed, failed, memory: memoryOf(server.pid) }
}

async function feel(server: BigServer, work: () => Promise<unknown>): Promise<Felt> {
  const pace = startPace(server.url + server.manifest)
  await server.loopDelay()
  const began = performance.now()
  await work()
  const took = performance.now() - began
  const { p99, longest } = await server.loopDelay()
  const waited = await pace.stop()
  return { took, loopP99: p99, loopLongest: longest, manifestP99: percentile(waited, 0.99) }
}

/** Settles once a server that was started after a crash has looked through all files. */
export function sweepEnd(root: string): Promise<void> {
  return withApi(root, async (api) => {
    for (;;) {
      const { items } = await api.get('/jobs', {})
      if (items.some(({ job, endedAt }) => job === 'sweep' && endedAt !== undefined)) return
      await sleep(100)
    }
  })
}

function memoryOf(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? Number.NaN) * 1024
}
