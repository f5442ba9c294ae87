import type { Index } from '../../db/index.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import type { PrefetchList } from '../../domain/prefetch-list.ts'
import { because } from '../../domain/reasons.ts'
import { formatBytes } from '../../domain/units.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Watch } from '../watch.ts'
import { heldByOthers, historyOf, type LastRun, type PrefetchHistory } from './history.ts'
import type { PrefetchReport } from './report.ts'
import { type RunDeps, runList } from './run.ts'

export interface PrefetchAsk {
  /** Of lists; empty: all of them. */
  readonly names: readonly string[]
  readonly dryRun: boolean
}

export interface Prefetch {
  /** Lists of the configuration, and how each ended last. */
  lists(): readonly { readonly list: PrefetchList; readonly last: LastRun | undefined }[]
  /**
   * Runs lists one after the other, each as a job of its own; a dry run is none. Gives the reports of those that ran: where
   * one is stopped, none follows. Rejects with AppError `not_found` for a name of none, and `busy` while a list runs.
   */
  run(ask: PrefetchAsk, watch: Watch): Promise<readonly PrefetchReport[]>
  /** Throws AppError `not_found` for a name that no list has. */
  requireLists(names: readonly string[]): void
  /** Runs a list when those before it have ended, unless it waits or runs already. Never rejects. */
  atItsTime(name: string): Promise<void>
}

export function createPrefetch(
  deps: RunDeps & {
    readonly lists: () => readonly PrefetchList[]
    readonly index: Index
    readonly scheduler: Pick<Scheduler, 'run' | 'isEnding'>
    readonly log: Log
  },
): Prefetch {
  const { lists, index, scheduler, log } = deps
  const waiting = new Set<string>()
  let queued = 0
  let tail: Promise<unknown> = Promise.resolve()

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    queued++
    const done = tail.then(work).finally(() => queued--)
    tail = done.catch(() => undefined)
    return done
  }

  const history = (): PrefetchHistory => historyOf(index.jobRuns.latest('prefetch'))

  const work = (list: PrefetchList, dryRun: boolean, watch: Watch): Promise<PrefetchReport> => {
    const known = history()
    const others = heldByOthers(known, lists(), list.name)
    return runList(deps, { list, dryRun, last: known.get(list.name)?.report, others }, watch)
  }

  const asJob = async (list: PrefetchList, cause: string, watch?: Watch): Promise<PrefetchReport> => {
    const job = { job: 'prefetch', subject: list.name } as const
    const report = await scheduler.run(job, cause, (inner) => work(list, false, inner), watch)
    tell(log, report)
    return report
  }

  const each = async ({ names, dryRun }: PrefetchAsk, watch: Watch): Promise<readonly PrefetchReport[]> => {
    const reports: PrefetchReport[] = []
    for (const list of chosen(lists(), names)) {
      const report = dryRun ? await work(list, true, watch) : await asJob(list, 'operator', watch)
      reports.push(report)
      if (report.stopped) break
    }
    return reports
  }

  const scheduled = async (name: string): Promise<void> => {
    const list = lists().find((one) => one.name === name)
    // It may have gone from the configuration while it waited, or the program ends.
    if (list !== undefined && !scheduler.isEnding()) await asJob(list, 'schedule')
  }

  return {
    lists: () => {
      const known = history()
      return lists().map((list) => ({ list, last: known.get(list.name) }))
    },
    requireLists: (names) => void chosen(lists(), names),
    run: async (ask, watch) => {
      if (ask.dryRun) return await each(ask, watch)
      if (queued > 0) throw new AppError('busy', because('running', { job: 'prefetch' }))
      return await inTurn(() => each(ask, watch))
    },
    atItsTime: async (name) => {
      if (waiting.has(name)) return
      waiting.add(name)
      try {
        await inTurn(() => scheduled(name))
      } catch (error) {
        log.warn({ event: 'job.prefetch', list: name, err: error }, `list "${name}": ${String(error)}`)
      } finally {
        waiting.delete(name)
      }
    },
  }
}

/** Throws AppError `not_found`. */
function chosen(lists: readonly PrefetchList[], names: readonly string[]): readonly PrefetchList[] {
  if (names.length === 0) return lists
  return [...new Set(names)].map((name) => {
    const list = lists.find((one) => one.name.toLowerCase() === name.trim().toLowerCase())
    if (list === undefined) throw new AppError('not_found', because('no_prefetch', { name }))
    return list
  })
}

function tell(log: Log, report: PrefetchReport): void {
  const { list, fetched, unchanged, left, failed, bytes, pulls } = report
  const text = `list "${list}": ${fetched} fetched (${formatBytes(bytes)}), ${unchanged} unchanged, ${left} left, ${failed} failed`
  const why = report.images.find((image) => image.why !== undefined)?.why?.message
  const fields = { event: 'prefetch', list, fetched, unchanged, left, failed, bytes, pulls }
  if (why === undefined) log.info(fields, text)
  else log.warn({ ...fields, why }, `${text}; first reason: ${why}`)
}
