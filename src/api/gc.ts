import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { budgetsIn } from '../config/budgets.ts'
import type { PartName, PlanExclusion, PlannedItem } from '../db/accounts/plan-shape.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { fileText, parseFileName } from '../domain/file-names.ts'
import { principalName } from '../domain/principal.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { because } from '../domain/reasons.ts'
import type { Look } from '../jobs/gc/gc.ts'
import type { GcGoal } from '../jobs/gc/goal.ts'
import type { Watch } from '../jobs/watch.ts'
import { bodyOf, LONGEST_LIST, stream } from './answer.ts'
import type { GcItem, GcPreview } from './contract-gc.ts'
import type { ApiDeps } from './deps.ts'
import { type Bound, createPreviews } from './previews.ts'
import { conditionsOf, parseName } from './selection.ts'
import { about, visitorOf } from './visitor.ts'

const bytes = z.number().int().nonnegative()
const platform = z
  .string()
  .regex(/^[\w.+-]{1,64}(\/[\w.+-]{1,64}){1,2}$/, 'must look like "linux/amd64" or "linux/arm/v7"')
const goalAsk = z.strictObject({
  free: bytes.optional(),
  to: bytes.optional(),
  idle: bytes.optional(),
  untagged: z.literal(true).optional(),
  platforms: z.array(platform).min(1).max(50).optional(),
  upstreams: z.array(z.string().max(255)).min(1).max(1000).optional(),
  filter: z.string().max(1000).optional(),
  includeGone: z.boolean().optional(),
  grace: bytes.optional(),
})
export const gcPreviewAsk = goalAsk
export const gcAsk = goalAsk.extend({ dryRun: z.boolean().default(false) })
export const gcChoiceAsk = z.strictObject({
  previewId: z.string().max(100),
  exclude: z.array(z.string().max(1000)).max(20_000).default([]),
})

interface Shown {
  readonly look: Look
  /** As it was typed. */
  readonly goal: z.output<typeof goalAsk>
}

/** Clean-ups: at once, or as they were shown before. */
export function gcRoutes(router: Router, deps: ApiDeps): void {
  const { gc, scheduler, index, store } = deps
  const previews = createPreviews<Shown>(deps.clock, rowsOf)

  router.post('/gc', async (ctx) => {
    const { dryRun, ...asked } = await bodyOf(ctx, gcAsk)
    const goal = toGoal(deps, asked)
    if (!dryRun) about(ctx, { action: 'gc', target: '', detail: asked })
    await stream(ctx, (watch) =>
      dryRun
        ? gc.run({ goal, dryRun }, watch)
        : scheduler.run('gc', 'operator', (inner) => gc.run({ goal, dryRun }, inner), watch),
    )
  })
  router.post('/gc/preview', async (ctx) => {
    const asked = await bodyOf(ctx, gcPreviewAsk)
    const goal = toGoal(deps, asked)
    await stream(ctx, async () => {
      const look = await gc.look(goal)
      return toPreview(look, previews.put(whoOf(ctx), { look, goal: asked }))
    })
  })
  router.post('/gc/narrow', async (ctx) => {
    const { previewId, exclude } = await bodyOf(ctx, gcChoiceAsk, LONGEST_LIST)
    const { shown, expiresAt } = previews.look(whoOf(ctx), previewId)
    const exclusion = toExclusion(deps, shown, exclude)
    await stream(ctx, async () => toPreview(await gc.narrow(shown.look, exclusion), { previewId, expiresAt }))
  })
  router.post('/gc/run', async (ctx) => {
    const { previewId, exclude } = await bodyOf(ctx, gcChoiceAsk, LONGEST_LIST)
    const exclusion = toExclusion(deps, previews.look(whoOf(ctx), previewId).shown, exclude)
    const { look, goal } = previews.take(whoOf(ctx), previewId)
    about(ctx, { action: 'gc', target: '', detail: { ...goal, exclude: exclude.length } })
    // However many look: whoever wants it to end stops the job.
    const work = (watch: Watch) =>
      scheduler.run(
        'gc',
        'operator',
        async (inner) =>
          await gc.carryOut(exclude.length === 0 ? look : await gc.narrow(look, exclusion), inner),
        watch,
      )
    await stream(ctx, work, { staysOn: true })
  })
  router.get('/gc/platforms', async (ctx) => {
    ctx.body = { items: await index.clerk.ask('platforms', { blobs: store.layout.blobs }) }
  })
}

function whoOf(ctx: Context): string {
  return principalName(visitorOf(ctx).access.principal)
}

/** Throws AppError `bad_request` for what contradicts itself, and `not_found` for upstreams that there are not. */
function toGoal(deps: ApiDeps, { filter, ...goal }: z.output<typeof goalAsk>): GcGoal {
  const { free, to, idle, untagged, platforms, upstreams = [] } = goal
  if ([free, to, idle, untagged, platforms].filter((one) => one !== undefined).length > 1)
    throw new AppError('bad_request', { message: 'give one goal: free, to, idle, untagged or platforms' })
  const conditions = conditionsOf(deps, filter)
  if (conditions.length > 0 && untagged === undefined && platforms === undefined)
    throw new AppError('bad_request', { message: 'a filter goes with untagged or platforms' })
  const known = new Set([...budgetsIn(deps.config()).map(({ name }) => name), 'git'])
  const unknown = upstreams.find((upstream) => !known.has(upstream))
  if (unknown !== undefined) throw new AppError('not_found', because('no_upstream', { upstream: unknown }))
  return { ...goal, ...(conditions.length === 0 ? {} : { conditions }) }
}

function toPreview({ survey, report }: Look, bound: Bound): GcPreview {
  const { items, count } = survey.plan.items
  const { previewId, expiresAt } = bound
  const total = report.rows.reduce((sum, row) => sum + row.total, 0)
  return { previewId, expiresAt, report, items: items.map(toItem), count, total, frees: report.frees }
}

function toItem({ upstream: _upstream, repository: _repository, ...item }: PlannedItem): GcItem {
  return item
}

/** What empties the trash cannot leave it as it is, and evictions end when their time is over. */
const FIXED = new Set(['trash', 'evicted'])

/** Throws AppError `bad_request` for what was not shown: whoever leaves something out relies on it. */
function toExclusion(deps: ApiDeps, { look }: Shown, exclude: readonly string[]): PlanExclusion {
  const { report, survey } = look
  const reasons = new Set<string>(report.rows.map(({ reason }) => reason).filter((one) => !FIXED.has(one)))
  const items = new Map(survey.plan.items.items.map((item) => [item.name, item]))
  const names = exclude.filter((name) => !reasons.has(name))
  return {
    reasons: exclude.filter((name) => reasons.has(name)),
    images: names
      .filter((name) => !isProtocolName(name))
      .map((name) => imageIn(items.get(name)) ?? toPart(deps, name)),
    files: names.filter(isProtocolName).map((name) => (items.has(name) ? name : toFile(name))),
  }
}

function imageIn(item: PlannedItem | undefined): PartName | undefined {
  if (item?.digest === undefined) return undefined
  const { upstream, repository, digest } = item
  return { upstream, repository, digest }
}

function toFile(name: string): string {
  const parsed = parseFileName(name)
  return parsed === undefined ? notShown(name) : fileText(parsed)
}

function toPart(deps: ApiDeps, name: string): PartName {
  const { route, reference } = name.includes('/') ? parseName(deps, name) : notShown(name)
  const place = { upstream: route.upstream.name, repository: route.repository }
  const parsed = reference?.kind === 'digest' ? parseDigest(reference.text) : undefined
  const ref = reference?.text ?? 'latest'
  const digest =
    parsed ?? deps.index.entries.find({ frontEnd: 'oci', ...place, kind: 'manifest', ref })?.digest
  return digest !== undefined && isSha256(digest) ? { ...place, digest } : notShown(name)
}

function notShown(name: string): never {
  throw new AppError('bad_request', { message: `${name} is not among what was shown` })
}

/** Blobs take half of what images do; names of a goal and of items count as well. */
function rowsOf({ look, goal }: Shown): number {
  const { items, replaced, untagged, platform: parts, unused, over, coldest } = look.survey.plan
  const lists = [unused, ...over, coldest].reduce((sum, { objects }) => sum + objects, 0)
  const named = items.items.length + look.report.rows.length + (goal.upstreams?.length ?? 0)
  return named + replaced.images.length + untagged.images.length + parts.images.length + lists / 2
}
