import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import type { EvictionRow } from '../db/evictions.ts'
import { AppError } from '../domain/errors.ts'
import { principalName } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import { formatBytes } from '../domain/units.ts'
import { bodyOf, LONGEST_LIST } from './answer.ts'
import { briefly } from './briefly.ts'
import type { BoundPreview, Evicted, Eviction, LeftImage } from './contract-contents.ts'
import type { ApiDeps } from './deps.ts'
import { createShow, selectionAsk } from './evict-preview.ts'
import { partGone } from './gone.ts'
import { createPreviews, rowsOfShown, type ShownImage, type Shown as ShownThen } from './previews.ts'
import { imageText, noteUndone } from './selection.ts'
import { divide, nameText } from './tags-alone.ts'
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
  const previews = createPreviews<ShownThen>(deps.clock, rowsOfShown)
  const show = createShow(deps)
  const evict = createEvict(deps)

  router.post('/selection', async (ctx) => {
    const ask = await bodyOf(ctx, selectionAsk, LONGEST_LIST)
    const { preview, images } = await show(ask)
    const bound = previews.put(whoOf(ctx), { images, target: targetOf(ask) })
    ctx.body = { ...preview, ...bound } satisfies BoundPreview
  })
  router.post('/evict', async (ctx) => {
    const { previewId, mode, includeGone = false } = await bodyOf(ctx, evictAsk)
    const { images, target } = previews.take(whoOf(ctx), previewId)
    about(ctx, { action: 'evict', target, detail: { images: images.length, mode, includeGone } })
    const { row, left, namesOnly } = await evict(images, { mode, includeGone, who: whoOf(ctx) })
    about(ctx, {
      action: 'evict',
      target,
      detail: {
        id: row?.id,
        mode,
        images: row?.images,
        bytes: row?.bytes,
        ...(namesOnly > 0 ? { namesOnly } : {}),
      },
    })
    const eviction = row === undefined ? nothing(deps, whoOf(ctx)) : toEviction(deps, row)
    ctx.body = { ...eviction, left, namesOnly } satisfies Evicted
  })
  router.get('/evictions', (ctx) => {
    ctx.body = { items: undo.list().map((row) => toEviction(deps, row)) }
  })
  router.post('/undo', async (ctx) => {
    const { id } = await bodyOf(ctx, undoAsk)
    about(ctx, { action: 'undo', target: id })
    const undone = await undo.undo(id)
    if (undone === undefined) throw new AppError('not_found', because('no_undo', { id }))
    noteUndone(deps)
    // Upstreams with a budget of their own took in other things meanwhile.
    for (const upstream of undone.upstreams) await quota.shrink(upstream)
    const { images, bytes } = undone
    deps.log.info({ event: 'undo', id, images, bytes }, `put ${images} images back`)
    ctx.body = { images, bytes }
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

function whoOf(ctx: Context): string {
  return principalName(visitorOf(ctx).access.principal)
}

function targetOf(ask: z.output<typeof selectionAsk>): string {
  const { exclude, filter } = ask
  const but = exclude.length === 0 ? [] : [`but ${briefly(exclude)}`]
  return [briefly(ask.names), ...(filter === undefined ? [] : [filter]), ...but].join(' ').trim()
}

interface EvictAsk {
  readonly mode: 'undo' | 'now'
  readonly includeGone: boolean
  readonly who: string
}

/** Takes out what is still as it was shown, and says what is not. */
function createEvict(deps: ApiDeps) {
  const { index, parts, log } = deps
  const { removal, undo } = parts

  /** Without what cannot be pulled again, unless that was asked for; who heard of it before is not told again. */
  const withoutGone = async (shown: readonly ShownImage[]) => {
    const { go, stay } = await partGone(
      deps,
      shown.filter(({ isGone }) => isGone !== true),
    )
    return { go, left: stay.map(({ name }): LeftImage => ({ name, why: 'gone_upstream' })) }
  }

  const split = async (shown: readonly ShownImage[]) => {
    const tags = await index.clerk.ask('standings', { images: shown })
    const left: LeftImage[] = []
    const same = shown.filter((image, at) => {
      if (tags[at] === image.tags) return true
      left.push({ name: image.name, why: tags[at] === undefined ? 'gone' : 'changed' })
      return false
    })
    const { whole, kept, pinned, needed } = await divide(deps, same)
    left.push(...pinned.map((name): LeftImage => ({ name, why: 'pinned' })))
    left.push(...needed.map(({ name }): LeftImage => ({ name, why: 'needed' })))
    const { busy, account } = await removal.look(whole)
    const skipped = new Map<string, LeftImage['why']>()
    for (const key of account.notFound) skipped.set(imageText(key), 'gone')
    for (const key of account.pinned) skipped.set(imageText(key), 'pinned')
    for (const key of busy) skipped.set(imageText(key), 'in_use')
    const going = whole.filter((image) => {
      const why = skipped.get(imageText(image))
      if (why !== undefined) left.push({ name: image.name, why })
      return why === undefined
    })
    return { going, left, account, alone: kept.flatMap(({ names: some }) => some) }
  }

  return async (shown: readonly ShownImage[], { mode, includeGone, who }: EvictAsk) => {
    writeUses(index)
    const asked = includeGone ? { go: shown, left: [] } : await withoutGone(shown)
    // Nobody else takes out anything between the look and the deed: what two want to evict goes once.
    const { row, left, namesOnly } = await undo.taking(async (take) => {
      const { going, alone, account, ...rest } = await split(asked.go)
      const answer = { row: undefined, left: [...asked.left, ...rest.left], namesOnly: 0 }
      if (going.length + alone.length === 0) return answer
      const facts = { who, names: [...going.map(({ name }) => name), ...alone.map(nameText)] }
      const whole = { ...account, entries: [...account.entries, ...alone] }
      const taken = await (mode === 'undo' ? take.keep(whole, facts) : take.drop(whole, facts))
      const stayed = new Set(taken.stayed.map(imageText))
      const changed = going.filter((image) => stayed.has(imageText(image)))
      answer.left.push(...changed.map(({ name }): LeftImage => ({ name, why: 'changed' })))
      return { ...answer, row: taken.row, namesOnly: alone.length }
    })
    if (row !== undefined) {
      const { id, images, objects, bytes } = row
      const tags = namesOnly === 0 ? '' : `, ${namesOnly} tags alone`
      const undoable = mode === 'undo' ? ', kept for undo' : ''
      const text = `evicted ${images} images, ${formatBytes(bytes)}${tags}${undoable}`
      log.info({ event: 'evict', id, who, images, objects, bytes, namesOnly, mode }, text)
    }
    return { row, left, namesOnly }
  }
}

function toEviction({ clock }: ApiDeps, row: EvictionRow): Eviction {
  const { until, ...rest } = row
  return { ...rest, undoUntil: until !== undefined && until > clock() ? until : undefined }
}

/** Nothing of what was shown is as it was. */
function nothing({ clock }: ApiDeps, who: string): Eviction {
  return { id: '', at: clock(), who, names: [], images: 0, objects: 0, bytes: 0, undoUntil: undefined }
}
