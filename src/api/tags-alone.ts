import { setImmediate } from 'node:timers/promises'
import type { ImageKey } from '../cache/removal.ts'
import type { RemovedName } from '../db/accounts/removal.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import type { EntryKey } from '../domain/names.ts'
import { type ChoiceAsk, createTagMatch, tagTexts } from './choice.ts'
import type { ApiDeps } from './deps.ts'

/** Tags of an image that were chosen where tags alone are meant. */
export interface TagChoice {
  readonly image: ImageRow
  /** All it has, with blanks between. */
  readonly tags: string
  /** Undefined: the image itself is meant. */
  readonly chosen: readonly string[] | undefined
}

/** What is known of an image of which only tags may go. */
export interface TaggedImage extends ImageKey {
  readonly tags: string
  readonly chosen?: readonly string[] | undefined
  /** It was said to stay. */
  readonly isKept?: boolean
}

export interface Divided<T> {
  /** Images that go: nothing would be left of their names. */
  readonly whole: readonly T[]
  /** Images that stay while some of their names go. */
  readonly kept: readonly { readonly image: T; readonly names: readonly RemovedName[] }[]
  /** Tags that stay because a pin covers them. */
  readonly pinned: readonly string[]
  /** Images without tags that stay because an image of their repository that stays is made of them. */
  readonly needed: readonly T[]
}

/** Images looked at in one go. */
const PAGE = 500

/** Which tags of these images a choice of tags means. What is named by digest is meant as a whole. */
export async function chooseTags(
  deps: ApiDeps,
  images: readonly ImageRow[],
  ask: ChoiceAsk,
): Promise<readonly TagChoice[]> {
  const texts = await tagTexts(deps, images)
  const { isWhole, isTag } = createTagMatch(deps, ask)
  return images.flatMap((image, at): TagChoice[] => {
    const tags = texts[at] ?? ''
    const place = `${image.upstream}/${image.repository}`
    if (tags === '' || isWhole(place, image.digest)) return [{ image, tags, chosen: undefined }]
    const chosen = tags.split(' ').filter((tag) => isTag(place, tag))
    return chosen.length === 0 ? [] : [{ image, tags, chosen }]
  })
}

/**
 * Parts images that would lose their last tag from those of which tags go alone, because they have others, are pinned,
 * or belong to an image that stays. Where images are meant, those that are pinned are for the removal to say.
 */
export async function divide<T extends TaggedImage>(
  { index, parts }: ApiDeps,
  images: readonly T[],
): Promise<Divided<T>> {
  const isLast = ({ chosen, tags }: T): boolean => chosen === undefined || chosen.length === countOf(tags)
  const asked = images.filter(isLast)
  const found = asked.length === 0 ? [] : await index.clerk.ask('bonds', { images: asked.map(toName) })
  const bonds = new Map(asked.map((image, at) => [image, found[at]]))
  const whole: T[] = []
  const kept: { image: T; names: RemovedName[] }[] = []
  const pinned: string[] = []
  const needed: T[] = []
  for (const [at, image] of images.entries()) {
    // Pins are globs: others get their turn.
    if (at % PAGE === PAGE - 1) await setImmediate()
    const bond = bonds.get(image)
    const goes = isLast(image) && bond === undefined && image.isKept !== true
    if (goes || (image.chosen === undefined && bond === 'pinned')) {
      whole.push(image)
      continue
    }
    const chosen = image.chosen ?? tagsOf(image)
    if (chosen.length === 0) needed.push(image)
    const keys = chosen.map((tag) => ({ ...toTag(image, tag), digest: image.digest }))
    const names = keys.filter((key) => !parts.pinned.covers(key))
    if (names.length > 0) kept.push({ image, names })
    pinned.push(...keys.filter((key) => !names.includes(key)).map(nameText))
  }
  return { whole, kept, pinned, needed }
}

function countOf(tags: string): number {
  return tags === '' ? 0 : tags.split(' ').length
}

function tagsOf({ tags }: TaggedImage): readonly string[] {
  return tags === '' ? [] : tags.split(' ')
}

function toName({ upstream, repository, digest }: ImageKey): ImageKey {
  return { upstream, repository, digest }
}

function toTag({ upstream, repository }: ImageKey, tag: string): EntryKey {
  return { frontEnd: 'oci', upstream, repository, kind: 'manifest', ref: tag }
}

/** "docker.io/library/nginx:1.27" */
export function nameText({ upstream, repository, ref }: EntryKey): string {
  return `${upstream}/${repository}:${ref}`
}
