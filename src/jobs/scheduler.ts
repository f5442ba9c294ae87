import { type ScheduledTask, schedule, validate } from 'node-cron'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { because } from '../domain/reasons.ts'
import { unwatched, type Watch } from './watch.ts'

/** sweep: what a killed process left is looked for. */
export type JobName = 'gc' | 'scrub' | 'verify' | 'sweep'

export interface Scheduler {
  /** Runs what is due at these times from now on; undefined: never. Cron expressions, local time. */
  plan(times: Partial<Record<JobName, string | undefined>>): void
  /**
   * Runs work as a job now, alone of its name, and keeps a record of it. Rejects with AppError `busy` while one of that
   * name runs, and with what the work throws.
   */
  run<T>(job: JobName, cause: string, work: (watch: Watch) => Promise<T>, watch?: Watch): Promise<T>
  /** Ends what runs, after the object it is at. */
  stop(): Promise<void>
}

export function createScheduler(deps: {
  index: Index
  clock: Clock
  log: Log
  /** What a job does at its time. */
  jobs: Partial<Record<JobName, (watch: Watch) => Promise<unknown>>>
  /** Only the owner of the data folder works by the clock. */
  isOwner: () => boolean
}): Scheduler {
  const { index, clock, log, jobs } = deps
  const running = new Map<JobName, Promise<unknown>>()
  const ending = new AbortController()
  let tasks: readonly ScheduledTask[] = []

  const record = async <T>(job: JobName, cause: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = clock()
    const id = await index.transact(() => index.jobRuns.begin({ job, cause, at: startedAt }))
    try {
      const report = await work()
      await index.transact(() => index.jobRuns.end(id, { at: clock(), report }))
      return report
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      await index.transact(() => index.jobRuns.end(id, { at: clock(), error: text }))
      throw error
    }
  }

  const run: Scheduler['run'] = (job, cause, work, watch = unwatched(ending.signal)) => {
    if (running.has(job)) return Promise.reject(new AppError('busy', because('running', { job })))
    const signal = AbortSignal.any([ending.signal, watch.signal])
    const done = record(job, cause, () => work({ ...watch, signal })).finally(() => running.delete(job))
    running.set(job, done)
    return done
  }

  const atItsTime = async (job: JobName): Promise<void> => {
    const work = jobs[job]
    if (work === undefined || !deps.isOwner()) return
    try {
      await run(job, 'schedule', work)
    } catch (error) {
      if (ending.signal.aborted) return
      log.warn({ event: `job.${job}`, err: error }, `${job} did not end well: ${String(error)}`)
    }
  }

  return {
    run,
    plan: (times) => {
      for (const task of tasks) void task.destroy()
      tasks = Object.entries(times).flatMap(([job, time]) => {
        if (time === undefined || !validate(time)) return []
        // The keys of `times` are job names.
        return [schedule(time, () => atItsTime(job as JobName), { name: job, noOverlap: true })]
      })
    },
    stop: async () => {
      for (const task of tasks) void task.destroy()
      ending.abort(new Error('the program is ending'))
      await Promise.allSettled(running.values())
    },
  }
}
