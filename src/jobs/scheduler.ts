import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { because } from '../domain/reasons.ts'
import { createTimetable, type Planned } from './timetable.ts'
import { type Step, unwatched, type Watch } from './watch.ts'

/** sweep: what a killed process left is looked for. */
export type JobName = 'gc' | 'scrub' | 'verify' | 'sweep' | 'prefetch'

/** One of several that a job does, by its name: jobs are counted by what they are, not by what they are about. */
export interface JobOf {
  readonly job: JobName
  readonly subject: string
}

/** A job that is under way. */
export interface RunningJob {
  readonly id: number
  readonly job: JobName
  /** What it is about, where that is not everything. */
  readonly subject: string | undefined
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
  /**
   * Runs what is due at these times from now on; undefined: never. Cron expressions, local time. `further` makes jobs
   * of its own.
   */
  plan(times: Partial<Record<JobName, string | undefined>>, further?: readonly Planned[]): void
  /** When further work of this name is due next, in milliseconds since the epoch; undefined where it is not planned. */
  next(name: string): number | undefined
  /**
   * Runs work as a job now, alone of its name, and keeps a record of it. Rejects with AppError `busy` while one of that
   * name runs, `shutting_down` once it is stopped, and with what the work throws.
   */
  run<T>(job: JobName | JobOf, cause: string, work: (watch: Watch) => Promise<T>, watch?: Watch): Promise<T>
  /** What runs at this moment. */
  running(): readonly RunningJob[]
  /** Runs that ended since this process began. */
  ended(): readonly EndedRuns[]
  /** Ends one run, after the object it is at; false where it does not run, or is a sweep, which has to be done. */
  end(id: number): boolean
  /** Ends what runs, after the object it is at. */
  stop(): Promise<void>
  isEnding(): boolean
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
  const endings = createEndings()
  const times = createTimetable(deps.isOwner)
  const others = createTimetable(deps.isOwner)

  const record = async <T>(
    { job, subject }: { readonly job: JobName; readonly subject: string | undefined },
    cause: string,
    work: (watch: Watch) => Promise<T>,
  ): Promise<T> => {
    const startedAt = clock()
    const id = await index.transact(() => index.jobRuns.begin({ job, subject, cause, at: startedAt }))
    const stopping = new AbortController()
    const show = (step: Step | undefined): void =>
      void shown.set(id, { id, job, subject, cause, startedAt, step, stopping })
    show(undefined)
    try {
      const report = await work({ signal: stopping.signal, progress: show })
      await index.transact(() => index.jobRuns.end(id, { at: clock(), report }))
      endings.count(job, 'ok')
      return report
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      endings.count(job, 'failed')
      await index.transact(() => index.jobRuns.end(id, { at: clock(), error: text }))
      throw error
    } finally {
      shown.delete(id)
    }
  }

  const run: Scheduler['run'] = (asked, cause, work, watch = unwatched(ending.signal)) => {
    const { job, subject } = typeof asked === 'string' ? { job: asked, subject: undefined } : asked
    if (ending.signal.aborted) return Promise.reject(new AppError('shutting_down'))
    if (running.has(job)) return Promise.reject(new AppError('busy', because('running', { job })))
    const done = record({ job, subject }, cause, (own) => work(both(own, watch, ending.signal))).finally(() =>
      running.delete(job),
    )
    running.set(job, done)
    return done
  }

  const atItsTime = async (job: JobName): Promise<void> => {
    const work = jobs[job]
    if (work === undefined || running.has(job)) return
    try {
      await run(job, 'schedule', work)
    } catch (error) {
      if (ending.signal.aborted) return
      log.warn({ event: `job.${job}`, err: error }, `${job} did not end well: ${String(error)}`)
    }
  }

  return {
    run,
    plan: (jobTimes, further = []) => {
      times.plan(
        Object.entries(jobTimes).flatMap(([name, time]) =>
          // The keys are job names.
          time === undefined ? [] : [{ name, time, work: () => atItsTime(name as JobName) }],
        ),
      )
      others.plan(further)
    },
    next: (name) => others.next(name),
    isEnding: () => ending.signal.aborted,
    running: () => [...shown.values()].map(({ stopping: _stopping, ...job }) => job),
    ended: endings.list,
    end: (id) => {
      const found = shown.get(id)
      if (found === undefined || found.job === 'sweep') return false
      found.stopping.abort(new AppError('shutting_down', { message: 'interrupted' }))
      return true
    },
    stop: async () => {
      times.stop()
      others.stop()
      ending.abort(new Error('the program is ending'))
      await Promise.allSettled(running.values())
    },
  }
}

/** Either of two may end the work, and so does the signal; both are told how far it is. */
function both(one: Watch, other: Watch, signal: AbortSignal): Watch {
  return {
    signal: AbortSignal.any([signal, other.signal, one.signal]),
    progress: (step) => {
      one.progress(step)
      other.progress(step)
    },
  }
}

function createEndings() {
  const ended = new Map<string, EndedRuns>()
  return {
    count: (job: JobName, outcome: EndedRuns['outcome']): void => {
      const key = `${job} ${outcome}`
      ended.set(key, { job, outcome, runs: (ended.get(key)?.runs ?? 0) + 1 })
    },
    list: (): readonly EndedRuns[] => [...ended.values()],
  }
}
