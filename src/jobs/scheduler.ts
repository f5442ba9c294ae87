import { type ScheduledTask, schedule, validate } from 'node-cron'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { because } from '../domain/reasons.ts'
import { type Step, unwatched, type Watch } from './watch.ts'

/** sweep: what a killed process left is looked for. */
export type JobName = 'gc' | 'scrub' | 'verify' | 'sweep'

/** A job that is under way. */
export interface RunningJob {
  readonly id: number
  readonly job: JobName
  readonly cause: string
  readonly startedAt: number
  /** Undefined until it has said how far it is. */
  readonly step: Step | undefined
}

export interface EndedRuns {
  readonly job: JobName
  readonly outcome: 'ok' | 'failed'
  readonly runs: number
}

export interface Scheduler {
  /** Runs what is due at these times from now on; undefined: never. Cron expressions, local time. */
  plan(times: Partial<Record<JobName, string | undefined>>): void
  /**
   * Runs work as a job now, alone of its name, and keeps a record of it. Rejects with AppError `busy` while one of that
   * name runs, and with what the work throws.
   */
  run<T>(job: JobName, cause: string, work: (watch: Watch) => Promise<T>, watch?: Watch): Promise<T>
  /** What runs at this moment. */
  running(): readonly RunningJob[]
  /** Runs that ended since this process began. */
  ended(): readonly EndedRuns[]
  /** Ends one run, after the object it is at; false where it does not run, or is a sweep, which has to be done. */
  end(id: number): boolean
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
  const shown = new Map<number, RunningJob & { readonly stopping: AbortController }>()
  const ending = new AbortController()
  const ended = new Map<string, EndedRuns>()
  const count = (job: JobName, outcome: EndedRuns['outcome']): void => {
    const key = `${job} ${outcome}`
    ended.set(key, { job, outcome, runs: (ended.get(key)?.runs ?? 0) + 1 })
  }
  let tasks: readonly ScheduledTask[] = []

  const record = async <T>(job: JobName, cause: string, work: (watch: Watch) => Promise<T>): Promise<T> => {
    const startedAt = clock()
    const id = await index.transact(() => index.jobRuns.begin({ job, cause, at: startedAt }))
    const stopping = new AbortController()
    const show = (step: Step | undefined): void =>
      void shown.set(id, { id, job, cause, startedAt, step, stopping })
    show(undefined)
    try {
      const report = await work({ signal: stopping.signal, progress: show })
      await index.transact(() => index.jobRuns.end(id, { at: clock(), report }))
      count(job, 'ok')
      return report
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      count(job, 'failed')
      await index.transact(() => index.jobRuns.end(id, { at: clock(), error: text }))
      throw error
    } finally {
      shown.delete(id)
    }
  }

  const run: Scheduler['run'] = (job, cause, work, watch = unwatched(ending.signal)) => {
    if (running.has(job)) return Promise.reject(new AppError('busy', because('running', { job })))
    const both = (own: Watch): Watch => ({
      signal: AbortSignal.any([ending.signal, watch.signal, own.signal]),
      progress: (step) => {
        own.progress(step)
        watch.progress(step)
      },
    })
    const done = record(job, cause, (own) => work(both(own))).finally(() => running.delete(job))
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
    running: () => [...shown.values()].map(({ stopping: _stopping, ...job }) => job),
    ended: () => [...ended.values()],
    end: (id) => {
      const found = shown.get(id)
      if (found === undefined || found.job === 'sweep') return false
      found.stopping.abort(new AppError('shutting_down', { message: 'interrupted' }))
      return true
    },
    stop: async () => {
      for (const task of tasks) void task.destroy()
      ending.abort(new Error('the program is ending'))
      await Promise.allSettled(running.values())
    },
  }
}
