import type { JobRun } from '../../db/job-runs.ts'
import type { PrefetchReport } from './report.ts'
import type { Holds } from './room.ts'

/** How a list ended last. */
export interface LastRun {
  readonly startedAt: number
  readonly endedAt: number
  readonly report: PrefetchReport
}

/** What is remembered of earlier runs of lists, by their names. */
export type PrefetchHistory = ReadonlyMap<string, LastRun>

/** The last run of each list that came to its end. */
export function historyOf(runs: readonly JobRun[]): PrefetchHistory {
  const found = new Map<string, LastRun>()
  for (const { job, startedAt, endedAt, report } of runs) {
    if (job !== 'prefetch' || endedAt === undefined || !isReport(report) || found.has(report.list)) continue
    found.set(report.list, { startedAt, endedAt, report })
  }
  return found
}

/** Names that the last run of a list left, in its order. */
export function leftBy(last: LastRun | undefined): readonly string[] {
  return (last?.report.images ?? []).filter(({ state }) => state === 'left').map(({ name }) => name)
}

/** What all lists of the configuration but one held. */
export function heldByOthers(
  history: PrefetchHistory,
  lists: readonly { name: string }[],
  but: string,
): Holds {
  return lists.filter(({ name }) => name !== but).flatMap(({ name }) => history.get(name)?.report.holds ?? [])
}

/** Reports are kept as they were written, by whichever version. */
function isReport(report: unknown): report is PrefetchReport {
  if (typeof report !== 'object' || report === null) return false
  // Only looked at.
  const { list, images, holds } = report as Partial<Record<string, unknown>>
  return typeof list === 'string' && Array.isArray(images) && Array.isArray(holds)
}
