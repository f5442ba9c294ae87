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

/** The last run of each list that came to its end; the runs are at most one of each. */
export function historyOf(runs: readonly JobRun[]): PrefetchHistory {
  const found = runs.flatMap(({ startedAt, endedAt, report }): readonly (readonly [string, LastRun])[] =>
    endedAt === undefined || !isReport(report) ? [] : [[report.list, { startedAt, endedAt, report }]],
  )
  return new Map(found)
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
  const { list, images, waiting, holds } = report as Partial<Record<string, unknown>>
  return typeof list === 'string' && [images, waiting, holds].every(Array.isArray)
}
