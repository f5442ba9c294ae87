import type { Annexed } from '../../cache/annex.ts'
import type { Counts } from '../../db/accounts/counts.ts'
import type { Plan, PlanExclusion, PlanOrder } from '../../db/accounts/plan-shape.ts'
import type { Strays } from '../../db/accounts/strays.ts'
import { onDisk } from '../../domain/blocks.ts'
import { formatDuration } from '../../domain/units.ts'
import type { ParkedPart } from '../../store/parts.ts'
import type { Quarantined } from '../../store/trash.ts'
import type { GcDeps } from './deps.ts'
import { type GcGoal, GRACE, keepsGone, PARKED_FOR, QUARANTINED_FOR, REPLACED_FOR, targetOf } from './goal.ts'
import type { GcRow } from './report.ts'

/** All that a clean-up would do, as things stood when it looked. Nothing is counted twice. */
export interface Survey extends Found {
  readonly plan: Plan
  readonly totals: Counts
  readonly rows: readonly GcRow[]
  readonly inUse: number
  readonly reached: boolean
}

/** Files that no image needs, and what was asked about the rest. */
interface Found {
  readonly goal: GcGoal
  readonly ask: PlanOrder
  readonly strays: Strays
  readonly trash: { readonly count: number; readonly bytes: number }
  readonly parts: readonly ParkedPart[]
  readonly quarantined: readonly Quarantined[]
  /** On disk, what the index knows nothing of included. */
  readonly used: number
  /** What was counted as used then. */
  readonly counted: number
  readonly annexed: readonly Annexed[]
  readonly target: number | undefined
}

/** Looks at index and disk; `lists`: says which images go. The long part of it runs on the clerk's thread. */
export async function survey(deps: GcDeps, goal: GcGoal, lists: boolean): Promise<Survey> {
  const { index, store, ledger, clock } = deps
  const now = clock()
  index.uses.flush()
  index.entries.flushNews()
  const strays = await index.clerk.ask('strays', { blobs: store.layout.blobs })
  const trash = await store.trashed()
  const parts = (await store.parked()).filter(({ at }) => at < now - PARKED_FOR)
  const quarantined = (await store.quarantined()).filter(({ at }) => at < now - QUARANTINED_FOR)
  const loose = looseOf({ strays, parts, quarantined })
  const used = ledger.used + loose.strays - loose.missing
  const target = targetOf(goal, deps.settings(), used)
  const annexed = await deps.annex.list()
  const swept = loose.strays + loose.parts + loose.quarantine
  const ask: PlanOrder = {
    ...timesOf(deps, goal, now),
    held: store.held(),
    keepsGone: keepsGone(goal),
    over: await overBudget(deps),
    free: target === undefined ? 0 : used - swept - target,
    goal: imageGoalOf(goal),
    scope: { upstreams: goal.upstreams, conditions: goal.conditions },
    blobs: store.layout.blobs,
    mirrors: mayGo(deps, annexed, keepsGone(goal)),
    lists,
  }
  const plan = await index.clerk.ask('plan', ask)
  return toSurvey(
    deps,
    { goal, ask, strays, trash, parts, quarantined, used, counted: ledger.used, annexed, target },
    plan,
  )
}

/** The same without what is excluded, as far as it would still go. */
export async function narrowed(
  deps: GcDeps,
  { plan: shown, ...found }: Survey,
  exclude: PlanExclusion,
): Promise<Survey> {
  const { index, store } = deps
  index.uses.flush()
  index.entries.flushNews()
  const annexed = await deps.annex.list()
  const skips = (reason: GcRow['reason']): boolean => exclude.reasons.includes(reason)
  const { items: _items, counts: _counts, ...rest } = shown
  const plan = await index.clerk.ask('plan', {
    ...found.ask,
    lists: false,
    held: store.held(),
    mirrors: mayGo(deps, annexed, found.ask.keepsGone === true),
    shown: rest,
    exclude,
  })
  const files = skips('stray') ? [] : found.strays.files
  const missing = skips('missing') ? [] : found.strays.missing
  const left = {
    ...found,
    annexed,
    strays: { ...found.strays, files, missing },
    parts: skips('parts') ? [] : found.parts,
    quarantined: skips('quarantine') ? [] : found.quarantined,
  }
  // What may be toggled back stays in the list.
  return toSurvey(deps, left, { ...plan, items: shown.items })
}

function toSurvey(deps: GcDeps, found: Found, plan: Plan): Survey {
  const { goal, ask, strays, trash, parts, quarantined, used, target } = found
  const loose = looseOf(found)
  const rows: GcRow[] = [
    row('trash', 'left over from earlier removals', { objects: trash.count, frees: trash.bytes }),
    row('stray', 'files that nothing leads to', { objects: strays.files.length, frees: loose.strays }),
    row('missing', 'entries whose file is gone', { objects: strays.missing.length, frees: 0 }),
    row('parts', 'parts of downloads nobody continued', { objects: parts.length, frees: loose.parts }),
    row('quarantine', 'damaged files kept aside', { objects: quarantined.length, frees: loose.quarantine }),
    row('evicted', 'evicted, kept for undo', plan.evicted),
    row('expired', 'lists and pointers past stale_if_error', {
      objects: plan.expired.entries.length,
      files: plan.expired.entries.filter(({ key }) => key.kind === 'file').length,
      frees: plan.expired.frees,
    }),
    row('replaced', `untagged, replaced > ${formatDuration(REPLACED_FOR)} ago`, plan.replaced),
    row('untagged', 'no tag leads to it', plan.untagged),
    row('platform', `not for ${goal.platforms?.join(', ') ?? ''}`, plan.platform),
    row('unused', unusedText(deps, goal), plan.unused),
    ...plan.over.map((one) => row('upstream', `${one.upstream} is above its own max_size`, one)),
    row('coldest', 'least recently used', plan.coldest),
  ].filter(({ objects }) => objects > 0)
  const frees = sum(rows.map((one) => one.frees)) - trash.bytes
  const reached = target === undefined || used - frees <= target
  const busy = found.annexed.filter(({ isBusy }) => isBusy).length
  return { ...found, plan, totals: plan.counts, rows, inUse: ask.held.length + busy, reached }
}

/** What is left out of a plan cannot go. */
function mayGo({ annex }: GcDeps, annexed: readonly Annexed[], staysGone: boolean): PlanOrder['mirrors'] {
  return annexed
    .filter(({ name, isBusy }) => !isBusy && !annex.isPinned(name))
    .filter(({ refusedAt }) => !staysGone || refusedAt === undefined)
    .map(({ name, bytes, usedAt }) => ({ name, bytes, usedAt }))
}

function looseOf({ strays, parts, quarantined }: Pick<Found, 'strays' | 'parts' | 'quarantined'>) {
  return {
    strays: sum(strays.files.map(({ bytes }) => bytes)),
    missing: sum(strays.missing.map(({ size }) => onDisk(size))),
    parts: sum(parts.map(({ size }) => onDisk(size))),
    quarantine: sum(quarantined.map(({ bytes }) => bytes)),
  }
}

function imageGoalOf({ untagged, platforms }: GcGoal): PlanOrder['goal'] {
  if (untagged !== undefined) return { kind: 'untagged' }
  return platforms === undefined ? undefined : { kind: 'platforms', keep: platforms }
}

interface Amounts {
  readonly objects: number
  readonly files?: number
  readonly mirrors?: readonly unknown[]
  readonly total?: number
  readonly frees: number
}

function row(reason: GcRow['reason'], text: string, amounts: Amounts): GcRow {
  const { objects, files = 0, mirrors = [], frees, total = frees } = amounts
  return { reason, text, objects, files, mirrors: mirrors.length, total, frees }
}

function timesOf(deps: GcDeps, goal: GcGoal, now: number) {
  const { expireUnused, expireUnusedOf, staleIfError } = deps.settings()
  const before = (ms: number | undefined): number | undefined =>
    ms === undefined || ms === 0 ? undefined : now - ms
  const idle = goal.idle === undefined ? undefined : now - goal.idle
  const isAsked = (upstream: string): boolean => goal.upstreams?.includes(upstream) ?? true
  const latest = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
  const own = [...Object.keys(expireUnusedOf), ...(idle === undefined ? [] : (goal.upstreams ?? []))]
  const beforeOf = (upstream: string): number | undefined => {
    const usual = before(upstream in expireUnusedOf ? expireUnusedOf[upstream] : expireUnused)
    return isAsked(upstream) ? latest(usual, idle) : usual
  }
  return {
    now,
    staleBefore: now - staleIfError,
    replacedBefore: now - REPLACED_FOR,
    unusedBefore: goal.upstreams === undefined ? latest(before(expireUnused), idle) : before(expireUnused),
    unusedBeforeOf: Object.fromEntries(own.map((upstream) => [upstream, beforeOf(upstream)])),
    youngSince: now - (goal.grace ?? GRACE),
  }
}

/** What upstreams with a budget of their own take above what may stay of it. */
async function overBudget({ settings, index }: GcDeps) {
  const budgets = Object.entries(settings().maxSizeOf).filter(([, max]) => max > 0)
  if (budgets.length === 0) return []
  const { maxSize, evictTo } = settings()
  const share = maxSize === 0 ? 0.9 : evictTo / maxSize
  const used = await index.clerk.ask('holdings', undefined)
  return budgets
    .map(([upstream, max]) => ({ upstream, bytes: (used[upstream] ?? 0) - Math.floor(max * share) }))
    .filter(({ bytes }) => bytes > 0)
}

function unusedText({ settings }: GcDeps, goal: GcGoal): string {
  const times = [goal.idle ?? 0, settings().expireUnused, ...Object.values(settings().expireUnusedOf)]
  const shortest = Math.min(...times.filter((ms) => ms > 0))
  return Number.isFinite(shortest) ? `not used for ${formatDuration(shortest)}` : 'not used'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
