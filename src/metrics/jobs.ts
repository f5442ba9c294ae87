import type { Registry } from 'prom-client'
import { addCounter, addGauge } from './instruments.ts'
import type { JobState, MetricsSources } from './sources.ts'

/** The latest run of each job. */
export function addJobMetrics(registry: Registry, sources: MetricsSources): void {
  const labels = ['name'] as const
  const ended = (): readonly (JobState & { readonly endedAt: number })[] =>
    sources.jobs().flatMap((job) => (job.endedAt === undefined ? [] : [{ ...job, endedAt: job.endedAt }]))
  addGauge(registry, { name: 'cachalot_job_running', help: '1 while a job runs.', labels }, () =>
    sources.jobs().map(({ job, running }) => [{ name: job }, running ? 1 : 0]),
  )
  addGauge(
    registry,
    {
      name: 'cachalot_job_last_end_timestamp_seconds',
      help: 'When the latest run of a job ended, in seconds since the epoch.',
      labels,
    },
    () => ended().map(({ job, endedAt }) => [{ name: job }, endedAt / 1000]),
  )
  addGauge(
    registry,
    { name: 'cachalot_job_last_seconds', help: 'How long the latest run of a job took.', labels },
    () => ended().map(({ job, startedAt, endedAt }) => [{ name: job }, (endedAt - startedAt) / 1000]),
  )
  addGauge(
    registry,
    {
      name: 'cachalot_job_last_failed',
      help: '1 where the latest run of a job did not end well.',
      labels,
    },
    () => ended().map(({ job, failed }) => [{ name: job }, failed ? 1 : 0]),
  )
  addCounter(
    registry,
    {
      name: 'cachalot_job_runs_total',
      help: 'Runs of jobs that ended, by how they ended.',
      labels: ['name', 'outcome'],
    },
    () => sources.jobRuns().map(({ job, outcome, runs }) => [{ name: job, outcome }, runs]),
  )
}
