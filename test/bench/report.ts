import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { Options } from './options.ts'
import type { RowResult } from './results.ts'

/** What one run leaves behind for machines to read. */
export interface Report {
  readonly startedAt: string
  readonly seconds: number
  readonly machine: ReturnType<typeof describeMachine>
  readonly options: Options
  /** Of the subjects that are programs of the system. */
  readonly versions: Readonly<Record<string, string>>
  /** Subject or workload -> why it was left out. */
  readonly left: Readonly<Record<string, string>>
  readonly rows: readonly RowResult[]
}

/** What the numbers depend on. `load`: runnable processes in the last minute, best below 0.5 at the start. */
export function describeMachine() {
  const [first] = cpus()
  return {
    cpus: cpus().length,
    model: first?.model ?? 'unknown',
    memory: totalmem(),
    kernel: release(),
    node: process.version,
    load: loadavg()[0] ?? 0,
  }
}

/** What the programs of the system beside Cachalot say they are, as far as they are installed. */
export function readVersions(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [name, ask] of [
    ['docker-registry', '--version'],
    ['nginx', '-v'],
  ] as const) {
    const { stdout, stderr } = spawnSync(name, [ask], { encoding: 'utf8' })
    const version = /\d+\.\d+\.\d+/.exec(`${stdout}${stderr}`)?.[0]
    if (version !== undefined) found[name] = version
  }
  return found
}

/** Writes the report; folders are made as needed. */
export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}

/** What `writeReport` wrote. */
export function readReport(file: string): Report {
  // Written by the function above.
  return JSON.parse(readFileSync(file, 'utf8')) as Report
}
