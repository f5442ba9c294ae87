import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { principalName } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf, LONGEST_LIST } from './answer.ts'
import { briefly } from './briefly.ts'
import type { BoundPreview, Evicted } from './contract-evict.ts'
import { asDeed, noteDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { createShow, type SelectionAsk, selectionAsk } from './evict-preview.ts'
import { createEvict, thingsOf } from './evict-run.ts'
import { toEviction } from './eviction-rows.ts'
import { createPreviews, rowsOfShown, type Shown } from './previews.ts'
import { noteUndone } from './selection.ts'
import { about, visitorOf } from './visitor.ts'

export const evictAsk = z.strictObject({
  previewId: z.string().max(100),
  mode: z.enum(['undo', 'now']),
  includeGone: z.boolean().optional(),
})
export const undoAsk = z.strictObject({ id: z.string().max(100) })
export const freeAsk = z.strictObject({ id: z.string().max(100).optional() })

/** Evicting what was shown before, and taking that back. */
export function evictRoutes(router: Router, deps: ApiDeps): void {
  const { undo, quota } = deps.parts
  const previews = createPreviews<Shown>(deps.clock, rowsOfShown)
  const show = createShow(deps)
  const evict = createEvict(deps)

  router.post('/selection', async (ctx) => {
    const ask = await bodyOf(ctx, selectionAsk, LONGEST_LIST)
    const { preview, shown } = await show(ask)
    const bound = previews.put(whoOf(ctx), { ...shown, target: targetOf(ask) })
    ctx.body = { ...preview, ...bound } satisfies BoundPreview
  })
  router.post('/evict', async (ctx) => {
    const { previewId, mode, includeGone = false } = await bodyOf(ctx, evictAsk)
    const { target, ...shown } = previews.take(whoOf(ctx), previewId)
    about(ctx, { action: 'evict', target, detail: { ...countsOf(shown), mode, includeGone } })
    const evicted = await evict(shown, { mode, includeGone, who: whoOf(ctx) })
    // Their images stay in the lists, by other names.
    if (evicted.namesOnly > 0) noteDeed(deps)
    about(ctx, { action: 'evict', target, detail: detailOf(evicted, mode) })
    ctx.body = evicted
  })
  router.get('/evictions', (ctx) => {
    ctx.body = { items: undo.list().map((row) => toEviction(deps, row)) }
  })
  router.post('/undo', async (ctx) => {
    const { id } = await bodyOf(ctx, undoAsk)
    about(ctx, { action: 'undo', target: id })
    const undone = await asDeed(deps, () => undo.undo(id))
    if (undone === undefined) throw new AppError('not_found', because('no_undo', { id }))
    noteUndone(deps)
    // Upstreams with a budget of their own took in other things meanwhile.
    for (const upstream of undone.upstreams) await quota.shrink(upstream)
    const { images, files, bytes } = undone
    deps.log.info({ event: 'undo', id, images, files, bytes }, `put ${thingsOf({ images, files })} back`)
    ctx.body = { images, files, bytes }
  })
  router.post('/evictions/free', async (ctx) => {
    const { id } = await bodyOf(ctx, freeAsk)
    about(ctx, { action: 'evict.free', target: id ?? '' })
    if (id !== undefined && !undo.list().some((row) => row.id === id))
      throw new AppError('not_found', because('no_eviction', { id }))
    const { bytes } = await undo.free(id)
    ctx.body = { bytes }
  })
}

export function whoOf(ctx: Context): string {
  return principalName(visitorOf(ctx).access.principal)
}

/** What was asked for, for people. */
export function targetOf({ names, of, kind, filter, exclude }: SelectionAsk): string {
  const all = names.length > 0 ? [] : kind !== undefined ? [`${kind}:**`] : of === 'files' ? ['files'] : []
  const but = exclude.length === 0 ? [] : [`but ${briefly(exclude)}`]
  return [briefly(names), ...all, ...(filter === undefined ? [] : [filter]), ...but].join(' ').trim()
}

function countsOf({ images, files, mirrors }: Omit<Shown, 'target'>): { images: number; files: number } {
  return { images: images.length, files: files.length + mirrors.length }
}

/** What the audit log keeps of an eviction. */
export function detailOf(evicted: Evicted, mode: 'undo' | 'now'): object {
  const { id, images, files, bytes, namesOnly } = evicted
  const counts = { images, files, bytes, ...(namesOnly > 0 ? { namesOnly } : {}) }
  return { ...(id === '' ? {} : { id }), mode, ...counts }
}
