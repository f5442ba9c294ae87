import { formatBytes } from '../../domain/units.ts'
import type { Watch } from '../watch.ts'
import type { GcDeps } from './deps.ts'
import type { GcGoal } from './goal.ts'
import type { GcReport } from './report.ts'
import { type Survey, survey } from './survey.ts'
import { sweep } from './sweep.ts'

export interface GcAsk {
  readonly goal: GcGoal
  /** Looks and tells, and changes nothing. */
  readonly dryRun: boolean
}

export interface Gc {
  /**
   * Expires, sweeps and evicts while pulls go on, in slices that keep nobody waiting. What was pinned, opened or
   * used after it looked stays. Rejects with the reason of the watch's signal once that is aborted.
   */
  run(ask: GcAsk, watch: Watch): Promise<GcReport>
}

export function createGc(deps: GcDeps): Gc {
  const { log } = deps
  return {
    run: async ({ goal, dryRun }, watch) => {
      const startedAt = performance.now()
      // Pins may have run out, and names moved away from under others.
      await deps.pinned.refresh()
      const found = await survey(deps, goal)
      const freed = dryRun ? undefined : await sweep(deps, found, watch)
      if (!dryRun) await settle(deps)
      const report = reportOf(deps, found, { freed, startedAt })
      if (!dryRun) {
        const text = `cleaned up: ${report.objects} objects, ${formatBytes(report.frees)}`
        log.info({ event: 'gc', objects: report.objects, freed: report.frees, ms: report.ms }, text)
      }
      return report
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
  const { rows, used, totals, plan } = found
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
    kept: { ...plan.kept, inUse: found.inUse },
    dryRun: freed === undefined,
    ms: Math.round(performance.now() - startedAt),
  }
}
