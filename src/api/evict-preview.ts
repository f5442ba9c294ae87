import { z } from 'zod'
import type { ImageKey } from '../cache/removal.ts'
import { writeUses } from '../cache/uses.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { alsoTags, chooseImages, tagTexts } from './choice.ts'
import type { BoundPreview } from './contract-contents.ts'
import type { ApiDeps } from './deps.ts'
import { partGone } from './gone.ts'
import type { ShownImage } from './previews.ts'
import { toImageRow } from './rows.ts'
import { imageText, selectImages } from './selection.ts'
import { chooseTags, divide, nameText, type TagChoice } from './tags-alone.ts'

const names = z.array(z.string().max(1000)).max(20_000)
export const selectionAsk = z.strictObject({
  names: names.default([]),
  filter: z.string().max(1000).optional(),
  exclude: names.default([]),
  includeGone: z.boolean().default(false),
  tagsOnly: z.boolean().default(false),
})
/** Rows of a preview that are sent: nobody reads more. */
const MOST_SHOWN = 1000

type Shown = Omit<BoundPreview, 'previewId' | 'expiresAt'>

/** What a selection means at this moment, for people and for whoever carries it out. */
export function createShow(deps: ApiDeps) {
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
    const { whole, kept, pinned: pinnedTags, needed } = await divide(deps, taken)
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
      needed: needed.map(({ name }) => name),
      notFound,
      gone: gone.map(({ name }) => name),
    }
    const tagsOf = new Map(kept.map(({ image, names: some }) => [image, some.map(({ ref }) => ref)]))
    const isGone = new Set(gone)
    const remember = (image: ShownImage): ShownImage => {
      const tags = tagsOf.get(image)
      return tags === undefined ? image : { ...image, chosen: tags, isKept: true }
    }
    const shown = [...going, ...tagsOf.keys()].filter((image) => !isGone.has(image)).map(remember)
    return { preview, images: [...shown, ...gone.map((image) => ({ ...remember(image), isGone: true }))] }
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
