import type { RunningJob } from '../jobs/scheduler.ts'
import type { JobProgress, JobRow } from './contract.ts'

/** A job that runs, as it is told. */
export function toJobRow(running: RunningJob): JobRow {
  const { id, job, cause, startedAt } = running
  return { id, job, cause, startedAt, endedAt: undefined, error: undefined, ...progressOf(running) }
}

/** Jobs as they are told, those that run with how far they are. */
export function withProgress(rows: readonly JobRow[], running: readonly RunningJob[]): readonly JobRow[] {
  return rows.map((row) => ({ ...row, ...progressOf(running.find(({ id }) => id === row.id)) }))
}

function progressOf(running: RunningJob | undefined): { progress?: JobProgress } {
  if (running?.step === undefined) return {}
  const { done, total, bytes, bytesTotal } = running.step
  return { progress: { done, total, bytes, bytesTotal } }
}
