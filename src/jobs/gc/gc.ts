import type { Annexed } from '../../cache/annex.ts'
import type { PlanExclusion } from '../../db/accounts/plan-shape.ts'
import { formatBytes } from '../../domain/units.ts'
import type { Watch } from '../watch.ts'
import type { GcDeps } from './deps.ts'
import type { GcGoal } from './goal.ts'
import type { GcReport } from './report.ts'
import { narrowed, type Survey, survey } from './survey.ts'
import { createSweep } from './sweep.ts'

export interface GcAsk {
  readonly goal: GcGoal
  /** Looks and tells, and changes nothing. */
  readonly dryRun: boolean
}

/** What was looked at, to be shown and carried out later. */
export interface Look {
  readonly survey: Survey
  readonly report: GcReport
}

export interface Gc {
  /**
   * Expires, sweeps and evicts while pulls go on, in slices that keep nobody waiting. What was pinned, opened or
   * used after it looked stays. Rejects with the reason of the watch's signal once that is aborted.
   */
  run(ask: GcAsk, watch: Watch): Promise<GcReport>
  /** As a dry run; changes nothing. */
  look(goal: GcGoal): Promise<Look>
  /** The same look without what is excluded, as far as it is still so. Changes nothing. */
  narrow(look: Look, exclude: PlanExclusion): Promise<Look>
  /** Does what was looked at, as `run` does. */
  carryOut(look: Look, watch: Watch): Promise<GcReport>
}

export function createGc(deps: GcDeps): Gc {
  const sweep = createSweep(deps)

  const lookNow = async (find: () => Promise<Survey>): Promise<Look> => {
    const startedAt = performance.now()
    // Pins may have run out, and names moved away from under others.
    await deps.pinned.refresh()
    const survey = await find()
    return { survey, report: reportOf(deps, survey, { freed: undefined, startedAt }) }
  }

  const carryOut: Gc['carryOut'] = async ({ survey: then }, watch) => {
    const startedAt = performance.now()
    // Evictions empty the trash whenever they please.
    const trash = await deps.store.trashed()
    const found = { ...then, trash, used: then.used + deps.ledger.used - then.counted }
    const freed = await sweep(found, watch)
    await settle(deps)
    const report = reportOf(deps, found, { freed, startedAt })
    for (const { reason, objects, frees: bytes } of report.rows)
      deps.departures.note(reason, { objects, bytes })
    const text = `cleaned up: ${report.objects} objects, ${formatBytes(report.frees)}`
    deps.log.info({ event: 'gc', objects: report.objects, freed: report.frees, ms: report.ms }, text)
    return report
  }

  return {
    look: (goal) => lookNow(() => survey(deps, goal, true)),
    narrow: ({ survey: found }, exclude) => lookNow(() => narrowed(deps, found, exclude)),
    carryOut,
    run: async ({ goal, dryRun }, watch) => {
      const startedAt = performance.now()
      const found = await lookNow(() => survey(deps, goal, false))
      if (dryRun) return found.report
      const report = await carryOut(found, watch)
      return { ...report, ms: Math.round(performance.now() - startedAt) }
    },
  }
}

/** Numbers kept in memory are brought back to what index and disk say. */
async function settle({ budgets, ledger }: GcDeps): Promise<void> {
  await budgets.recount()
  await ledger.recount()
}

interface Outcome {
  /** Undefined for a dry run. */
  readonly freed: { readonly objects: number; readonly bytes: number } | undefined
  readonly startedAt: number
}

function reportOf(deps: GcDeps, found: Survey, { freed, startedAt }: Outcome): GcReport {
  const { rows, used, totals } = found
  const planned = rows.reduce((sum, { frees }) => sum + frees, 0)
  const frees = freed?.bytes ?? planned
  return {
    rows,
    objects: freed?.objects ?? rows.reduce((sum, { objects }) => sum + objects, 0),
    frees,
    before: used + found.trash.bytes,
    after: used + found.trash.bytes - frees,
    maxSize: deps.settings().maxSize,
    repositories: totals.repositories,
    tags: totals.tags,
    blobs: totals.blobs,
    reached: found.reached,
    kept: keptOf(deps, found),
    dryRun: freed === undefined,
    ms: Math.round(performance.now() - startedAt),
  }
}

/** Mirrors are in no plan's counts of what stays. */
function keptOf({ annex }: GcDeps, { plan, inUse, annexed, ask }: Survey): GcReport['kept'] {
  const { pinned, pinnedBytes, young, gone, ...kept } = plan.kept
  const mirrors = annexed.filter(({ name }) => annex.isPinned(name))
  const isYoung = ({ name, usedAt }: Annexed): boolean => usedAt > ask.youngSince && !annex.isPinned(name)
  return {
    ...kept,
    inUse,
    pinned: pinned + mirrors.length,
    pinnedBytes: pinnedBytes + mirrors.reduce((sum, { bytes }) => sum + bytes, 0),
    young: young + annexed.filter(isYoung).length,
    gone:
      gone + (ask.keepsGone === true ? annexed.filter(({ refusedAt }) => refusedAt !== undefined).length : 0),
  }
}
