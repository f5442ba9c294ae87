import { mkdirSync, writeFileSync } from 'node:fs'
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

/** Writes the report; folders are made as needed. */
export function writeReport(file: string, report: Report): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}
