/**
 * Process: `npm run bench`. Measures Cachalot beside docker-registry and nginx over one fake upstream on loopback
 * and prints what was promised, what is reached and what the others reach. `--help` lists the options.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Workload } from './bench.ts'
import { cachalot } from './cachalot.ts'
import { dockerRegistry } from './docker-registry.ts'
import { nginx } from './nginx.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { hottestFunctions } from './profile.ts'
import { describeMachine, writeReport } from './report.ts'
import { createResults, type Results } from './results.ts'
import { createSink } from './sink.ts'
import { installed, type Launcher } from './subjects.ts'
import { renderTable } from './table.ts'
import { startUpstream } from './upstream.ts'
import { coldBlob } from './workloads/cold.ts'
import { far } from './workloads/far.ts'
import { files } from './workloads/files.ts'
import { herd } from './workloads/herd.ts'
import { memory } from './workloads/memory.ts'
import { manifests, smallBlob } from './workloads/requests.ts'
import { scale } from './workloads/scale.ts'
import { unreachable } from './workloads/unreachable.ts'
import { warmBlob } from './workloads/warm.ts'

const WORKLOADS: readonly Workload[] = [
  warmBlob,
  manifests,
  smallBlob,
  coldBlob,
  herd,
  far,
  unreachable,
  memory,
  files,
  scale,
]

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

await main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
})

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) return console.log(HELP)
  const folder = mkdtempSync(join(options.folder, 'cachalot-bench-'))
  // Runs on every way out, and after the children were ended (child.ts registered first).
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  await measureAll(options, folder)
  process.exit()
}

async function measureAll(options: Options, folder: string): Promise<void> {
  const started = new Date()
  const machine = describeMachine()
  const left: Record<string, string> = {}
  const base = `bench-results/${started.toISOString().replaceAll(':', '-').slice(0, 19)}`
  const profileTo = options.profile ? `${base}-profile` : undefined
  const workloads = chosen(options, left)
  const upstream = await startUpstream(join(folder, 'upstream'))
  const launchers = await usable(options, { left, folder, profileTo, upstreamUrl: upstream.url })
  const results = createResults()
  const sink = createSink(folder)
  if (sink.warning !== undefined) note(left, 'sink', sink.warning)
  const { rounds, quick } = options
  const bench = { rounds, quick, launchers, upstream, sink, folder, results }
  const played = await playAll(workloads, { bench, left, profileTo })
  await upstream.stop()
  finish({ played, results, options, left, started, machine, file: options.json ?? `${base}.json` })
}

function note(left: Record<string, string>, name: string, why: string): void {
  left[name] = why
  console.log(`${name}: ${why}`)
}

function chosen({ only, scale: withScale }: Options, left: Record<string, string>): Workload[] {
  const unknown = only.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown.length > 0) {
    throw new UsageError(`--only ${unknown.join()}: there are ${WORKLOADS.map(({ name }) => name).join()}`)
  }
  const usual = only.length > 0 ? only : WORKLOADS.filter((one) => one !== scale).map(({ name }) => name)
  const wanted = WORKLOADS.filter((one) => usual.includes(one.name) || (one === scale && withScale))
  if (installed('wrk')) return wanted
  note(left, 'manifest, small', 'left out, wrk is not installed')
  return wanted.filter((workload) => workload !== manifests && workload !== smallBlob)
}

interface Surroundings {
  readonly left: Record<string, string>
  readonly folder: string
  readonly profileTo: string | undefined
  readonly upstreamUrl: string
}

/** The subjects that are wanted and really start here; every other is named with its reason. */
async function usable(
  { subjects }: Options,
  { left, folder, profileTo, upstreamUrl }: Surroundings,
): Promise<Launcher[]> {
  const found: Launcher[] = []
  for (const launcher of [cachalot(profileTo), dockerRegistry(), nginx()]) {
    if (subjects.length > 0 && !subjects.includes(launcher.name)) continue
    const why = launcher.missing() ?? (await startFailure(launcher, { upstreamUrl, folder }))
    if (why === undefined) found.push(launcher)
    else note(left, launcher.name, `left out, ${why}`)
  }
  // What the trial start did is not what is asked about.
  if (profileTo !== undefined) rmSync(profileTo, { recursive: true, force: true })
  return found
}

async function startFailure(
  launcher: Launcher,
  { upstreamUrl, folder }: { upstreamUrl: string; folder: string },
): Promise<string | undefined> {
  const own = join(folder, `try-${launcher.name}`)
  mkdirSync(own)
  try {
    const subject = await launcher.start({ upstreamUrl, folder: own })
    await subject.stop()
    return undefined
  } catch (error) {
    return `it does not start: ${error instanceof Error ? error.message : String(error)}`
  }
}

async function playAll(
  workloads: readonly Workload[],
  { bench, left, profileTo }: { bench: Bench; left: Record<string, string>; profileTo: string | undefined },
): Promise<Workload[]> {
  const played: Workload[] = []
  for (const workload of workloads) {
    const began = performance.now()
    try {
      await workload.run(bench)
      console.log(`${workload.name}: measured in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    } catch (error) {
      // The other workloads still have their numbers; the exit code says that this one has none.
      note(left, workload.name, `failed: ${error instanceof Error ? error.message : String(error)}`)
      process.exitCode = 1
    }
    played.push(workload)
    await bench.upstream.throttle(0)
  }
  if (profileTo !== undefined) console.log(`\n${hottestFunctions(profileTo).join('\n')}\n(${profileTo})`)
  return played
}

function finish({
  played,
  results,
  options,
  left,
  started,
  machine,
  file,
}: {
  played: readonly Workload[]
  results: Results
  options: Options
  left: Record<string, string>
  started: Date
  machine: ReturnType<typeof describeMachine>
  file: string
}): void {
  const pairs = played.flatMap(({ rows }) => rows).map((row) => ({ row, result: results.of(row) }))
  console.log(`\n${renderTable(pairs)}\n`)
  const rows = pairs.map(({ result }) => result)
  const seconds = Math.round((Date.now() - started.getTime()) / 1000)
  writeReport(file, { startedAt: started.toISOString(), seconds, machine, options, left, rows })
  console.log(
    `${machine.cpus} × ${machine.model}, Node ${machine.node}, ${options.rounds} rounds, ${seconds} s; ${file}`,
  )
  if (machine.load > 0.5)
    console.log(`The machine was busy (load ${machine.load.toFixed(1)}): trust only ratios.`)
}
