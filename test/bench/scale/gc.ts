import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiClient, connectApi } from '../../../src/api/client.ts'
import type { GcGoal, GcReport } from '../../../src/api/contract-work.ts'
import { socketAddress } from '../../../src/api/socket.ts'
import { percentile, startPace } from './pace.ts'
import type { BigServer } from './start.ts'

const IDLE_MS = 5000
const CLEAN_RUNS = 4
/** Of all bytes, what the last clean-up is to free. */
const FREED_SHARE = 0.1

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
  readonly freeing: Felt
  /** Objects that the last one freed. */
  readonly freed: number
  /** Memory of the server at the end, bytes; pages of the index that it looks at are not counted. */
  readonly memory: number
}

/** Cleans up through the API of a server on a big index, while a client goes on asking for a manifest. */
export async function timeGc(server: BigServer, root: string): Promise<GcTimes> {
  const idle = await feel(server, () => sleep(IDLE_MS))
  const plan = await feel(server, () => gc(root, { dryRun: true }))
  let report = await gc(root, {})
  // What was replaced long ago goes in portions.
  while (report.objects > 0) report = await gc(root, {})
  // One run is over before its slowest requests are told from a busy machine's.
  const thrice = await feel(server, async () => {
    for (let run = 0; run < CLEAN_RUNS; run++) report = await gc(root, {})
  })
  const clean = { ...thrice, took: thrice.took / CLEAN_RUNS }
  const free = Math.floor(report.before * FREED_SHARE)
  const freeing = await feel(server, async () => {
    report = await gc(root, { free })
  })
  return { idle, plan, clean, freeing, freed: report.objects, memory: memoryOf(server.pid) }
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

function gc(root: string, ask: GcGoal & { dryRun?: boolean }): Promise<GcReport> {
  return withApi(root, async (api) => {
    for await (const line of api.stream('/gc', { dryRun: false, ...ask })) {
      if (line.type === 'result') return line.result
    }
    throw new Error('the clean-up said no result')
  })
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

async function withApi<T>(root: string, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const address = socketAddress(root)
  try {
    return await work(connectApi(address.path))
  } finally {
    address.release()
  }
}

function memoryOf(pid: number): number {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? Number.NaN) * 1024
}
