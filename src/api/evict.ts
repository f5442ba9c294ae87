import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { ImageKey } from '../cache/removal.ts'
import type { EvictionFacts } from '../cache/undo.ts'
import { writeUses } from '../cache/uses.ts'
import type { RemovedName } from '../db/accounts/removal.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import type { EvictionRow } from '../db/evictions.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { principalName } from '../domain/principal.ts'
import { because } from '../domain/reasons.ts'
import { formatBytes } from '../domain/units.ts'
import { bodyOf } from './answer.ts'
import { alsoTags, chooseImages, tagTexts } from './choice.ts'
import type { BoundPreview, Evicted, Eviction, LeftImage } from './contract-contents.ts'
import type { ApiDeps } from './deps.ts'
import { partGone } from './gone.ts'
import { createPreviews, type ShownImage, type Shown as ShownThen } from './previews.ts'
import { toImageRow } from './rows.ts'
import { imageText, noteUndone, selectImages } from './selection.ts'
import { chooseTags, divide, nameText, type TagChoice } from './tags-alone.ts'
import { about, visitorOf } from './visitor.ts'

const names = z.array(z.string().max(1000)).max(20_000)
export const selectionAsk = z.strictObject({
  names: names.default([]),
  filter: z.string().max(1000).optional(),
  exclude: names.default([]),
  includeGone: z.boolean().default(false),
  tagsOnly: z.boolean().default(false),
})
export const evictAsk = z.strictObject({
  previewId: z.string().max(100),
  mode: z.enum(['undo', 'now']),
  includeGone: z.boolean().optional(),
})
export const undoAsk = z.strictObject({ id: z.string().max(100) })
export const freeAsk = z.strictObject({ id: z.string().max(100).optional() })

/** Rows of a preview that are sent: nobody reads more. */
const MOST_SHOWN = 1000

/** Evicting what was shown before, and taking that back. */
export function evictRoutes(router: Router, deps: ApiDeps): void {
  const { undo, quota } = deps.parts
  const previews = createPreviews<ShownThen>(deps.clock, ({ images }) => images.length)
  const show = createShow(deps)
  const evict = createEvict(deps)

  router.post('/selection', async (ctx) => {
    const ask = await bodyOf(ctx, selectionAsk)
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
    const { shown: images, rowOf, notFound } = await chooseShown(deps, ask)
    const parted = await partGone(deps, images)
    const isPinned = (image: ShownImage): boolean => rowOf(image).pinned
    // Pinned ones stay anyway.
    const gone = parted.stay.filter((image) => !isPinned(image))
    const taken = ask.includeGone ? images : [...parted.go, ...parted.stay.filter(isPinned)]
    const { whole, kept, pinned: pinnedTags } = await divide(deps, taken)
    const { pinned, inUse, objects, total, frees } = await parts.removal.preview(
      whole.map((image) => ({ ...toKey(image), mediaType: rowOf(image).mediaType })),
    )
    const skipped = new Set([...pinned, ...inUse].map(imageText))
    const going = whole.filter((image) => !skipped.has(imageText(image)))
    const namesOf = (keys: readonly ImageKey[]): readonly string[] => {
      const wanted = new Set(keys.map(imageText))
      return images.filter((image) => wanted.has(imageText(image))).map(({ name }) => name)
    }
    const preview: Shown = {
      images: going.slice(0, MOST_SHOWN).map((image) => toImageRow(rowOf(image))),
      count: going.length,
      namesOnly: kept.flatMap(({ names: some }) => some.map(nameText)),
      objects,
      total,
      frees,
      sharedKept: total - frees,
      alsoTags: ask.tagsOnly ? [] : alsoTags(deps, going.map(rowOf), ask),
      pinned: [...namesOf(pinned), ...pinnedTags],
      inUse: namesOf(inUse),
      notFound,
      gone: gone.map(({ name }) => name),
    }
    const stays = new Set(kept.map(({ image }) => image))
    const isGone = new Set(gone)
    const shown = [...going, ...stays].filter((image) => !isGone.has(image))
    return {
      preview,
      images: [
        ...shown.map((image) => (stays.has(image) ? { ...image, isKept: true } : image)),
        ...gone.map((image) => ({ ...image, isGone: true, ...(stays.has(image) ? { isKept: true } : {}) })),
      ],
    }
  }
}

/** What is chosen: images, or with `tagsOnly` tags of them. */
async function chooseShown(deps: ApiDeps, ask: z.output<typeof selectionAsk>) {
  // Of an image, some tags may stay: that is looked at tag by tag.
  const { images: found, notFound } = await (ask.tagsOnly ? selectImages(deps, ask) : chooseImages(deps, ask))
  const images = found.filter(isOurs)
  const choices = ask.tagsOnly ? await chooseTags(deps, images, ask) : await wholeOf(deps, images)
  const rows = new Map<ShownImage, ImageRow>()
  for (const { image, tags, chosen } of choices)
    rows.set({ ...toKey(image), name: image.name, tags, ...(chosen === undefined ? {} : { chosen }) }, image)
  const rowOf = (image: ShownImage): ImageRow => {
    const row = rows.get(image)
    if (row === undefined) throw new Error('an image that was not chosen')
    return row
  }
  return { shown: [...rows.keys()], rowOf, notFound }
}

async function wholeOf(deps: ApiDeps, images: readonly ImageRow[]): Promise<readonly TagChoice[]> {
  const tags = await tagTexts(deps, images)
  return images.map((image, at) => ({ image, tags: tags[at] ?? '', chosen: undefined }))
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
    const { whole, kept, pinned } = await divide(deps, same)
    left.push(...pinned.map((name): LeftImage => ({ name, why: 'pinned' })))
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

  const takeNow = async ({ going, alone }: Going, facts: EvictionFacts) => {
    await removal.dropNames(alone)
    return await undo.note(await removal.remove(going), { ...facts, images: going.length })
  }

  return async (shown: readonly ShownImage[], { mode, includeGone, who }: EvictAsk) => {
    writeUses(index)
    const asked = includeGone ? { go: shown, left: [] } : await withoutGone(shown)
    const { going, alone, account, ...rest } = await split(asked.go)
    const left = [...asked.left, ...rest.left]
    const namesOnly = alone.length
    if (going.length + namesOnly === 0) return { row: undefined, left, namesOnly }
    const facts = { who, names: [...going.map(({ name }) => name), ...alone.map(nameText)] }
    const whole = { ...account, entries: [...account.entries, ...alone] }
    const row = await (mode === 'undo' ? undo.keep(whole, facts) : takeNow({ going, alone }, facts))
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

interface Going {
  readonly going: readonly ShownImage[]
  /** Tags whose images stay. */
  readonly alone: readonly RemovedName[]
}

function isOurs({ digest }: ImageRow): boolean {
  const parsed = parseDigest(digest)
  return parsed !== undefined && isSha256(parsed)
}

function toKey({
  upstream,
  repository,
  digest,
}: Pick<ImageRow, 'upstream' | 'repository' | 'digest'>): ImageKey {
  // Only those with a SHA-256 are chosen.
  return { upstream, repository, digest: digest as ImageKey['digest'] }
}

function toEviction({ clock }: ApiDeps, row: EvictionRow): Eviction {
  const { until, ...rest } = row
  return { ...rest, undoUntil: until !== undefined && until > clock() ? until : undefined }
}

/** Nothing of what was shown is as it was. */
function nothing({ clock }: ApiDeps, who: string): Eviction {
  return { id: '', at: clock(), who, names: [], images: 0, objects: 0, bytes: 0, undoUntil: undefined }
}
