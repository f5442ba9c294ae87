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
  begin(run: { job: string; cause: string; at: number }): number
  end(id: number, end: { at: number; error?: string; report?: unknown }): void
  /** Newest first. */
  list(limit: number): readonly JobRun[]
}

/** Runs that are remembered. */
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
  const begin = db.prepare<[string, string, number], number>(
    'INSERT INTO job_runs (job, cause, started_at) VALUES (?, ?, ?) RETURNING id',
  )
  begin.pluck()
  const end = db.prepare('UPDATE job_runs SET ended_at = ?, error = ?, report = ? WHERE id = ?')
  const trim = db.prepare(`DELETE FROM job_runs WHERE id <= ? - ${MOST}`)
  const list = db.prepare<[number], Row>('SELECT * FROM job_runs ORDER BY id DESC LIMIT ?')
  return {
    begin: ({ job, cause, at }) => {
      // RETURNING gives exactly one row here.
      const id = begin.get(job, cause, at) as number
      trim.run(id)
      return id
    },
    end: (id, { at, error, report }) =>
      void end.run(at, error ?? null, report === undefined ? null : JSON.stringify(report), id),
    list: (limit) => list.all(limit).map(toRun),
  }
}
