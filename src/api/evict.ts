import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { ImageKey } from '../cache/removal.ts'
import { writeUses } from '../cache/uses.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import type { EvictionRow } from '../db/evictions.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { principalName } from '../domain/principal.ts'
import { formatBytes } from '../domain/units.ts'
import { bodyOf } from './answer.ts'
import { alsoTags, chooseImages } from './choice.ts'
import type { BoundPreview, Eviction, LeftImage } from './contract-contents.ts'
import type { ApiDeps } from './deps.ts'
import { createPreviews, type ShownImage } from './previews.ts'
import { about, visitorOf } from './visitor.ts'

const names = z.array(z.string().max(1000)).max(20_000)
const selectionAsk = z.strictObject({
  names: names.default([]),
  filter: z.string().max(1000).optional(),
  exclude: names.default([]),
})
const evictAsk = z.strictObject({
  previewId: z.string().max(100),
  mode: z.enum(['undo', 'now']),
  includeGone: z.boolean().optional(),
})
const undoAsk = z.strictObject({ id: z.string().max(100) })
const freeAsk = z.strictObject({ id: z.string().max(100).optional() })

/** Rows of a preview that are sent: nobody reads more. */
const MOST_SHOWN = 1000

/** Evicting what was shown before, and taking that back. */
export function evictRoutes(router: Router, deps: ApiDeps): void {
  const { undo, quota } = deps.parts
  const previews = createPreviews(deps.clock)
  const show = createShow(deps)
  const evict = createEvict(deps)

  router.post('/selection', async (ctx) => {
    const ask = await bodyOf(ctx, selectionAsk)
    const { preview, images } = await show(ask)
    const bound = previews.put(whoOf(ctx), { images, target: targetOf(ask) })
    ctx.body = { ...preview, ...bound } satisfies BoundPreview
  })
  router.post('/evict', async (ctx) => {
    const { previewId, mode } = await bodyOf(ctx, evictAsk)
    const { images, target } = previews.take(whoOf(ctx), previewId)
    about(ctx, { action: 'evict', target, detail: { images: images.length, mode } })
    const { row, left } = await evict(images, { mode, who: whoOf(ctx) })
    about(ctx, {
      action: 'evict',
      target,
      detail: { id: row?.id, mode, images: row?.images, bytes: row?.bytes },
    })
    ctx.body = { ...(row === undefined ? nothing(deps, whoOf(ctx)) : toEviction(deps, row)), left }
  })
  router.get('/evictions', (ctx) => {
    ctx.body = { items: undo.list().map((row) => toEviction(deps, row)) }
  })
  router.post('/undo', async (ctx) => {
    const { id } = await bodyOf(ctx, undoAsk)
    about(ctx, { action: 'undo', target: id })
    const undone = await undo.undo(id)
    if (undone === undefined)
      throw new AppError('not_found', { message: `there is no eviction ${id} that can still be undone` })
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
      throw new AppError('not_found', { message: `there is no eviction ${id}` })
    const { bytes } = await undo.free(id)
    ctx.body = { bytes }
  })
}

function whoOf(ctx: Context): string {
  return principalName(visitorOf(ctx).access.principal)
}

function targetOf(ask: z.output<typeof selectionAsk>): string {
  const { exclude, filter } = ask
  const but = exclude.length === 0 ? [] : [`but ${exclude.join(' ')}`]
  return [...ask.names, ...(filter === undefined ? [] : [filter]), ...but].join(' ')
}

type Shown = Omit<BoundPreview, 'previewId' | 'expiresAt'>

/** What a selection means at this moment. */
function createShow(deps: ApiDeps) {
  const { index, parts } = deps
  return async (
    ask: z.output<typeof selectionAsk>,
  ): Promise<{ preview: Shown; images: readonly ShownImage[] }> => {
    writeUses(index)
    const { images: chosen, notFound } = await chooseImages(deps, ask)
    const images = chosen.filter(isOurs)
    const { pinned, inUse, objects, total, frees } = await parts.removal.preview(images.map(toKey))
    const skipped = new Set([...pinned, ...inUse].map(textOf))
    const going = images.filter((image) => !skipped.has(textOf(image)))
    const namesOf = (keys: readonly ImageKey[]): readonly string[] => {
      const wanted = new Set(keys.map(textOf))
      return images.filter((image) => wanted.has(textOf(image))).map(({ name }) => name)
    }
    const preview: Shown = {
      images: going.slice(0, MOST_SHOWN),
      count: going.length,
      objects,
      total,
      frees,
      sharedKept: total - frees,
      alsoTags: alsoTags(deps, going, ask),
      pinned: namesOf(pinned),
      inUse: namesOf(inUse),
      notFound,
      // Nothing remembers that an upstream has lost what is cached.
      gone: [],
    }
    const tags = await index.clerk.ask('standings', { images: going })
    return {
      preview,
      images: going.map((image, at) => ({ ...toKey(image), name: image.name, tags: tags[at] ?? '' })),
    }
  }
}

interface EvictAsk {
  readonly mode: 'undo' | 'now'
  readonly who: string
}

/** Takes out what is still as it was shown, and says what is not. */
function createEvict({ index, parts, log }: ApiDeps) {
  const { removal, undo } = parts

  const split = async (shown: readonly ShownImage[]) => {
    const tags = await index.clerk.ask('standings', { images: shown })
    const left: LeftImage[] = []
    const same = shown.filter((image, at) => {
      if (tags[at] === image.tags) return true
      left.push({ name: image.name, why: tags[at] === undefined ? 'gone' : 'changed' })
      return false
    })
    const { busy, account } = await removal.look(same)
    const skipped = new Map<string, LeftImage['why']>()
    for (const key of account.notFound) skipped.set(textOf(key), 'gone')
    for (const key of account.pinned) skipped.set(textOf(key), 'pinned')
    for (const key of busy) skipped.set(textOf(key), 'in_use')
    const going = same.filter((image) => {
      const why = skipped.get(textOf(image))
      if (why !== undefined) left.push({ name: image.name, why })
      return why === undefined
    })
    return { going, left, account }
  }

  const takeNow = async (going: readonly ShownImage[], facts: { who: string; names: readonly string[] }) =>
    undo.note(await removal.remove(going), { ...facts, images: going.length })

  return async (shown: readonly ShownImage[], { mode, who }: EvictAsk) => {
    writeUses(index)
    const { going, left, account } = await split(shown)
    if (going.length === 0) return { row: undefined, left }
    const facts = { who, names: going.map(({ name }) => name) }
    const row = await (mode === 'undo' ? undo.keep(account, facts) : takeNow(going, facts))
    if (row !== undefined) {
      const { id, images, objects, bytes } = row
      const text = `evicted ${images} images, ${formatBytes(bytes)}${mode === 'undo' ? ', kept for undo' : ''}`
      log.info({ event: 'evict', id, who, images, objects, bytes, mode }, text)
    }
    return { row, left }
  }
}

function isOurs({ digest }: ImageRow): boolean {
  const parsed = parseDigest(digest)
  return parsed !== undefined && isSha256(parsed)
}

function toKey({ upstream, repository, digest }: ImageRow): ImageKey {
  // Only those with a SHA-256 are chosen.
  return { upstream, repository, digest: digest as ImageKey['digest'] }
}

function textOf({ upstream, repository, digest }: { upstream: string; repository: string; digest: string }) {
  return `${upstream}/${repository}@${digest}`
}

function toEviction({ clock }: ApiDeps, row: EvictionRow): Eviction {
  const { until, ...rest } = row
  return { ...rest, undoUntil: until !== undefined && until > clock() ? until : undefined }
}

/** Nothing of what was shown is as it was. */
function nothing({ clock }: ApiDeps, who: string): Eviction {
  return { id: '', at: clock(), who, names: [], images: 0, objects: 0, bytes: 0, undoUntil: undefined }
}
