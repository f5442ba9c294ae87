import type { ImageKey } from '../cache/removal.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'
import { chooseImages, tagTexts } from './choice.ts'
import type { ApiDeps } from './deps.ts'
import { partGone } from './gone.ts'
import type { ImagesAsk } from './mixed-selection.ts'
import type { ShownImage } from './previews.ts'
import { selectImages } from './selection.ts'
import { chooseTags, type Divided, divide, type TagChoice } from './tags-alone.ts'

/** Images that were chosen, apart by what would become of them. */
export interface ImagesGoing extends Omit<Divided<ShownImage>, 'pinned'> {
  /** All that were chosen. */
  readonly all: readonly ShownImage[]
  readonly pinnedTags: readonly string[]
  /** Those that cannot be pulled again and are not pinned. */
  readonly gone: readonly ShownImage[]
  readonly notFound: readonly string[]
  rowOf(image: ShownImage): ImageRow
}

export const NO_IMAGES: ImagesGoing = {
  all: [],
  whole: [],
  kept: [],
  needed: [],
  pinnedTags: [],
  gone: [],
  notFound: [],
  rowOf: () => {
    throw new Error('no image was chosen')
  },
}

/** The images that a selection means, and which of them may go. */
export async function lookAtImages(deps: ApiDeps, ask: ImagesAsk): Promise<ImagesGoing> {
  const { shown: all, rowOf, notFound } = await chooseShown(deps, ask)
  const parted = await partGone(deps, all)
  const isPinned = (image: ShownImage): boolean => rowOf(image).pinned
  // Pinned ones stay anyway.
  const gone = parted.stay.filter((image) => !isPinned(image))
  const taken = ask.includeGone ? all : [...parted.go, ...parted.stay.filter(isPinned)]
  const { pinned: pinnedTags, ...divided } = await divide(deps, taken)
  return { ...divided, all, pinnedTags, gone, notFound, rowOf }
}

/** What is chosen: images, or with `tagsOnly` tags of them. */
async function chooseShown(deps: ApiDeps, ask: ImagesAsk) {
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

export function toKey({
  upstream,
  repository,
  digest,
}: Pick<ImageRow, 'upstream' | 'repository' | 'digest'>): ImageKey {
  // Only those with a SHA-256 are chosen.
  return { upstream, repository, digest: digest as ImageKey['digest'] }
}
