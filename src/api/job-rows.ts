import type { RunningJob } from '../jobs/scheduler.ts'
import type { JobProgress, JobRow } from './contract.ts'

/** A job that runs, as it is told. */
export function toJobRow(running: RunningJob): JobRow {
  const { id, job, subject, cause, startedAt } = running
  const row = { id, job, cause, startedAt, endedAt: undefined, error: undefined, ...progressOf(running) }
  return subject === undefined ? row : { ...row, subject }
}

/** Jobs as they are told, those that run with how far they are. */
export function withProgress(rows: readonly JobRow[], running: readonly RunningJob[]): readonly JobRow[] {
  return rows.map((row) => {
    const now = running.find(({ id }) => id === row.id)
    const subject = now?.subject ?? listOf(row)
    return { ...row, ...(subject === undefined ? {} : { subject }), ...progressOf(now) }
  })
}

/** What a run was about stands in its report. */
function listOf({ report }: JobRow): string | undefined {
  if (typeof report !== 'object' || report === null || !('list' in report)) return undefined
  return typeof report.list === 'string' ? report.list : undefined
}

function progressOf(running: RunningJob | undefined): { progress?: JobProgress } {
  if (running?.step === undefined) return {}
  const { done, total, bytes, bytesTotal } = running.step
  return { progress: { done, total, bytes, bytesTotal } }
}
