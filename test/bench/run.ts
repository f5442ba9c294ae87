/**
 * Process: `npm run bench`. Measures Cachalot beside docker-registry and nginx over one fake upstream on loopback
 * and prints what was promised, what is reached and what the others reach. `--help` lists the options.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, Workload } from './bench.ts'
import { usableLaunchers } from './launchers.ts'
import { renderMarkdown } from './markdown.ts'
import { HELP, type Options, parseOptions, UsageError } from './options.ts'
import { hottestFunctions } from './profile.ts'
import { describeMachine, readReport, readVersions, writeReport } from './report.ts'
import { createResults, type Results } from './results.ts'
import { createSink } from './sink.ts'
import { installed } from './subjects.ts'
import { renderTable } from './table.ts'
import { startUpstream } from './upstream.ts'
import { ON_DEMAND, WORKLOADS } from './workloads/all.ts'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

await main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error)
  process.exit(error instanceof UsageError ? 2 : 1)
})

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) return console.log(HELP)
  if (options.markdown !== undefined) return console.log(renderMarkdown(readReport(options.markdown)))
  const folder = mkdtempSync(join(options.folder, 'cachalot-bench-'))
  // Runs on every way out, and after the children were ended (child.ts registered first).
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  await measureAll(options, folder)
  process.exit()
}

interface Run {
  readonly options: Options
  readonly results: Results
  /** Why something was left out, by subject or workload. */
  readonly left: Record<string, string>
  readonly started: Date
  readonly machine: ReturnType<typeof describeMachine>
  /** Where results go, without a suffix. */
  readonly base: string
}

async function measureAll(options: Options, folder: string): Promise<void> {
  const started = new Date()
  const base = `bench-results/${started.toISOString().replaceAll(':', '-').slice(0, 19)}`
  const results = createResults()
  const run: Run = { options, results, left: {}, started, machine: describeMachine(), base }
  const note = (name: string, why: string): void => {
    run.left[name] = why
    console.log(`${name}: ${why}`)
  }
  const { rounds, size, subjects, profile } = options
  const profileTo = profile ? `${base}-profile` : undefined
  const workloads = chosen(options, note)
  const upstream = await startUpstream(join(folder, 'upstream'))
  const launchers = await usableLaunchers({ subjects, folder, profileTo, upstreamUrl: upstream.url, note })
  const sink = createSink(folder)
  if (sink.warning !== undefined) note('sink', sink.warning)
  const bench: Bench = { rounds, size, launchers, upstream, sink, folder, results }
  const played = await playAll(workloads, bench, note)
  if (profileTo !== undefined) console.log(`\n${hottestFunctions(profileTo).join('\n')}\n(${profileTo})`)
  await upstream.stop()
  finish(played, run)
}

type Note = (name: string, why: string) => void

function chosen({ only, scale }: Options, note: Note): Workload[] {
  const unknown = only.filter((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown.length > 0) {
    throw new UsageError(`--only ${unknown.join()}: there are ${WORKLOADS.map(({ name }) => name).join()}`)
  }
  const isWanted = (one: Workload): boolean => {
    if (only.includes(one.name)) return true
    return ON_DEMAND.includes(one) ? scale : only.length === 0
  }
  return WORKLOADS.filter(isWanted).filter(({ name, needs = [] }) => {
    const missing = needs.filter((program) => !installed(program))
    if (missing.length > 0) note(name, `left out, ${missing.join()} is not installed`)
    return missing.length === 0
  })
}

async function playAll(workloads: readonly Workload[], bench: Bench, note: Note): Promise<Workload[]> {
  const played: Workload[] = []
  for (const workload of workloads) {
    const began = performance.now()
    try {
      await workload.run(bench)
      console.log(`${workload.name}: measured in ${((performance.now() - began) / 1000).toFixed(0)} s`)
    } catch (error) {
      // The other workloads still have their numbers; the exit code says that this one has none.
      note(workload.name, `failed: ${error instanceof Error ? error.message : String(error)}`)
      process.exitCode = 1
    }
    played.push(workload)
    await bench.upstream.throttle(0)
    await bench.upstream.fail(0)
    await bench.upstream.wantTokens(false)
  }
  return played
}

function finish(played: readonly Workload[], { options, results, left, started, machine, base }: Run): void {
  const pairs = played.flatMap(({ rows }) => rows).map((row) => ({ row, result: results.of(row) }))
  console.log(`\n${renderTable(pairs)}\n`)
  const rows = pairs.map(({ result }) => result)
  const seconds = Math.round((Date.now() - started.getTime()) / 1000)
  const file = options.json ?? `${base}.json`
  const when = { startedAt: started.toISOString() }
  writeReport(file, { ...when, seconds, machine, versions: readVersions(), options, left, rows })
  console.log(
    `${machine.cpus} × ${machine.model}, Node ${machine.node}, ${options.rounds} rounds, ${seconds} s; ${file}`,
  )
  if (options.size !== 'full')
    console.log(`These are loads of --${options.size}: the promises are not for them.`)
  if (machine.load > 0.5)
    console.log(`The machine was busy (load ${machine.load.toFixed(1)}): trust only ratios.`)
}
