import type { ChosenName } from '../db/accounts/chosen.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import { AppError } from '../domain/errors.ts'
import { createImageGlob, namesReference } from '../domain/glob.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern, isGlob } from './pattern.ts'
import { parseName, type Selected, type SelectionAsk, selectImages } from './selection.ts'

export interface ChoiceAsk extends SelectionAsk {
  /** Names of what stays, as those of what goes. */
  readonly exclude: readonly string[]
}

/** Images that one answer may name, as in `selectImages`. */
const MOST = 20_000

/**
 * The images that a selection means but for what it excludes, with the tags of this moment. What is named plainly is found
 * without a look at everything else. Throws AppError as `selectImages` does.
 */
export async function chooseImages(deps: ApiDeps, ask: ChoiceAsk): Promise<Selected> {
  const { images, notFound } = await findImages(deps, ask)
  const stays = ask.exclude.map((name) => createMatch(deps, name))
  return { images: images.filter((image) => !stays.some((matches) => isOf(image, matches))), notFound }
}

async function findImages(deps: ApiDeps, { names, filter }: ChoiceAsk): Promise<Selected> {
  const isFiltered = filter !== undefined && filter.trim() !== ''
  const plain = isFiltered ? [] : names.filter((name) => !isGlob(name))
  const others = isFiltered ? names : names.filter(isGlob)
  const found = new Map<string, ImageRow>()
  const notFound: string[] = []
  const keep = (image: ImageRow): void => void found.set(`${image.repositoryId} ${image.digest}`, image)
  if (plain.length > 0) {
    const chosen = await deps.index.clerk.ask('chosen', { names: plain.map((name) => toChosen(deps, name)) })
    for (const [at, images] of chosen.entries()) {
      if (images.length === 0) notFound.push(plain[at] ?? '')
      for (const image of images) keep(image)
    }
  }
  if (others.length > 0 || plain.length === 0) {
    const selected = await selectImages(deps, { names: others, filter })
    notFound.push(...selected.notFound)
    for (const image of selected.images) keep(image)
  }
  if (found.size > MOST)
    throw new AppError('bad_request', { message: `${found.size} images match, at most ${MOST} go at once` })
  return { images: [...found.values()], notFound }
}

function toChosen(deps: ApiDeps, name: string): ChosenName {
  const { route, reference } = parseName(deps, name)
  return { upstream: route.upstream.name, repository: route.repository, ref: reference?.text }
}

/** Whether a name means a tag or digest of a repository ("docker.io/library/nginx"). */
export type NameMatch = (repository: string, reference: string) => boolean

/** Throws AppError as requests for such a name do. */
export function createMatch(deps: ApiDeps, name: string): NameMatch {
  if (isGlob(name)) {
    const pattern = fullPattern(deps.config().upstreams, name)
    const matches = createImageGlob(pattern)
    return namesReference(pattern) ? matches : (repository) => matches(repository, '')
  }
  const { upstream, repository, ref } = toChosen(deps, name)
  const place = `${upstream}/${repository}`
  return (other, reference) => other === place && (ref === undefined || ref === reference)
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

/** Whether one of very many names means it. */
function createAsked(deps: ApiDeps, names: readonly string[]): NameMatch {
  const globs = names.filter(isGlob).map((name) => createMatch(deps, name))
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
