import type { ImageRow } from '../db/accounts/rows.ts'
import { createImageGlob, namesReference } from '../domain/glob.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern, isGlob } from './pattern.ts'
import { conditionsOf, type Selected, type SelectionAsk, selectImages, toChosen } from './selection.ts'

export interface ChoiceAsk extends SelectionAsk {
  /** Names of what stays, as those of what goes. */
  readonly exclude: readonly string[]
}

/** As `selectImages`, but for what is excluded. */
export async function chooseImages(deps: ApiDeps, ask: ChoiceAsk): Promise<Selected> {
  const { images, notFound } = await selectImages(deps, ask)
  if (ask.exclude.length === 0) return { images, notFound }
  const stays = createAsked(deps, ask.exclude)
  return { images: images.filter((image) => !isOf(image, stays)), notFound }
}

/** Whether a name means a tag or digest of a repository ("docker.io/library/nginx"). */
type NameMatch = (repository: string, reference: string) => boolean

function createGlobMatch(deps: ApiDeps, glob: string): NameMatch {
  const pattern = fullPattern(deps.config().upstreams, glob)
  const matches = createImageGlob(pattern)
  return namesReference(pattern) ? matches : (repository) => matches(repository, '')
}

function isOf({ upstream, repository, digest, tags }: ImageRow, matches: NameMatch): boolean {
  const place = `${upstream}/${repository}`
  return matches(place, digest) || tags.some((tag) => matches(place, tag))
}

/** Tags that go along with those that were named, because they point to the same images. */
export function alsoTags(
  deps: ApiDeps,
  images: readonly ImageRow[],
  { names, filter }: SelectionAsk,
): readonly string[] {
  // A filter means whole images.
  if (names.length === 0 || (filter !== undefined && filter.trim() !== '')) return []
  const tagged = images.filter(({ tags }) => tags.length > 1)
  if (tagged.length === 0) return []
  const byDigest = new Set(names.filter((name) => name.includes('@')))
  const asked = createAsked(deps, names)
  return tagged.flatMap(({ upstream, repository, digest, tags }) => {
    const place = `${upstream}/${repository}`
    if (byDigest.has(`${place}@${digest}`)) return []
    return tags.filter((tag) => !asked(place, tag)).map((tag) => `${place}:${tag}`)
  })
}

/** The tags that each of these images has, with blanks between, as they were found a moment ago. */
export async function tagTexts({ index }: ApiDeps, images: readonly ImageRow[]): Promise<readonly string[]> {
  const cut = images.filter(({ tags, tagCount }) => tags.length < tagCount)
  const standings = cut.length === 0 ? [] : await index.clerk.ask('standings', { images: cut })
  const whole = new Map(cut.map((image, at) => [image, standings[at] ?? '']))
  return images.map((image) => whole.get(image) ?? image.tags.join(' '))
}

/** Whether one of very many names means it. */
function createAsked(deps: ApiDeps, names: readonly string[]): NameMatch {
  const globs = names.filter(isGlob).map((glob) => createGlobMatch(deps, glob))
  const plain = new Set(
    names
      .filter((name) => !isGlob(name))
      .map((name) => toChosen(deps, name))
      .map(
        ({ upstream, repository, ref }) => `${upstream}/${repository}${ref === undefined ? '' : ` ${ref}`}`,
      ),
  )
  return (place, tag) =>
    plain.has(place) || plain.has(`${place} ${tag}`) || globs.some((matches) => matches(place, tag))
}

/** How a choice means tags: each for itself, or with the image they lead to. */
export function createTagMatch(
  deps: ApiDeps,
  { names, filter, exclude }: ChoiceAsk,
): { readonly isWhole: NameMatch; readonly isTag: NameMatch } {
  const asked = createAsked(deps, names)
  const stays = createAsked(deps, exclude)
  const byDigest = createAsked(
    deps,
    names.filter((name) => name.includes('@')),
  )
  const tests = conditionsOf(deps, filter).flatMap((condition): NameMatch[] => {
    if (condition.kind !== 'name') return []
    const { glob, not = false } = condition
    const matches = createImageGlob(glob)
    return namesReference(glob) ? [(place, tag) => matches(place, tag) !== not] : []
  })
  return {
    isWhole: byDigest,
    isTag: (place, tag) =>
      (names.length === 0 || asked(place, tag)) &&
      (exclude.length === 0 || !stays(place, tag)) &&
      tests.every((test) => test(place, tag)),
  }
}
