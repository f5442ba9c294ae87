import type { Db } from './open.ts'

export interface JobRun {
  readonly id: number
  readonly job: string
  /** "schedule", "start", or who asked for it. */
  readonly cause: string
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly error: string | undefined
  /** What the run said at its end. */
  readonly report: unknown
}

export interface JobRuns {
  /** `subject`: which of several the job does; the newest report of each outlives all others. */
  begin(run: { job: string; subject: string | undefined; cause: string; at: number }): number
  end(id: number, end: { at: number; error?: string; report?: unknown }): void
  /** Newest first. */
  list(limit: number): readonly JobRun[]
  /** The newest run with a report of each subject of a job. */
  latest(job: string): readonly JobRun[]
}

/** Runs that are remembered, beside the newest of each subject. */
const MOST = 500

interface Row {
  id: number
  job: string
  cause: string
  started_at: number
  ended_at: number | null
  error: string | null
  report: string | null
}

function toRun(row: Row): JobRun {
  return {
    id: row.id,
    job: row.job,
    cause: row.cause,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    error: row.error ?? undefined,
    report: row.report === null ? undefined : JSON.parse(row.report),
  }
}

export function createJobRuns(db: Db): JobRuns {
  const begin = db.prepare<[string, string | null, string, number], number>(
    'INSERT INTO job_runs (job, subject, cause, started_at) VALUES (?, ?, ?, ?) RETURNING id',
  )
  begin.pluck()
  const end = db.prepare('UPDATE job_runs SET ended_at = ?, error = ?, report = ? WHERE id = ?')
  const newest = 'SELECT max(id) FROM job_runs WHERE subject IS NOT NULL AND report IS NOT NULL'
  const trim = db.prepare(
    `DELETE FROM job_runs WHERE id <= ? - ${MOST} AND id NOT IN (${newest} GROUP BY job, subject)`,
  )
  const list = db.prepare<[number], Row>('SELECT * FROM job_runs ORDER BY id DESC LIMIT ?')
  const latest = db.prepare<[string], Row>(
    `SELECT * FROM job_runs WHERE id IN (${newest} AND job = ? GROUP BY subject)`,
  )
  return {
    begin: ({ job, subject, cause, at }) => {
      // RETURNING gives exactly one row here.
      const id = begin.get(job, subject ?? null, cause, at) as number
      trim.run(id)
      return id
    },
    end: (id, { at, error, report }) =>
      void end.run(at, error ?? null, report === undefined ? null : JSON.stringify(report), id),
    list: (limit) => list.all(limit).map(toRun),
    latest: (job) => latest.all(job).map(toRun),
  }
}
