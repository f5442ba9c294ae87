import { type ScheduledTask, schedule, validate } from 'node-cron'

/** Work by the clock. */
export interface Planned {
  /** Cron expression, local time. */
  readonly time: string
  /** By which it is asked for when it is due. */
  readonly name: string
  /** Never rejects. Called also while it is under way. */
  readonly work: () => Promise<void>
}

export interface Timetable {
  /** From now on this and nothing else; work that is under way goes on. */
  plan(work: readonly Planned[]): void
  /** When that work is due next, in milliseconds since the epoch; undefined where it is not planned. */
  next(name: string): number | undefined
  stop(): void
}

/** Only the owner of the data folder works by the clock. */
export function createTimetable(isOwner: () => boolean): Timetable {
  let tasks: ReadonlyMap<string, ScheduledTask> = new Map()
  const stop = (): void => {
    for (const task of tasks.values()) void task.destroy()
    tasks = new Map()
  }
  const start = ({ time, work }: Planned): ScheduledTask =>
    schedule(time, async () => (isOwner() ? await work() : undefined))
  return {
    plan: (work) => {
      stop()
      const good = work.filter(({ time }) => validate(time))
      tasks = new Map(good.map((one) => [one.name, start(one)]))
    },
    next: (name) => tasks.get(name)?.getNextRun()?.getTime(),
    stop,
  }
}
