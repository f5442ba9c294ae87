import type { Condition } from '../../domain/condition.ts'
import { createGlob, createImageGlob, namesReference } from '../../domain/glob.ts'
import { type ImageFacts, platformsIn, type RepositoryFacts } from './ledger.ts'
import type { ListAsk } from './rows.ts'

type Test<T> = (row: T) => boolean

/** Whether an image is asked for. Globs match the repository alone, or with one of the tags or the digest. */
export function imageTest(ask: ListAsk): Test<ImageFacts> {
  const conditions = ask.conditions ?? []
  // Numbers are compared in no time; globs are for what is left then.
  const sorted = [
    ...conditions.filter(({ kind }) => kind !== 'name'),
    ...conditions.filter(({ kind }) => kind === 'name'),
  ]
  return all([
    ...placeTests(ask).map((test) => (image: ImageFacts) => test(image.of)),
    ...sorted.map((condition) => turned(condition, imageCondition(condition))),
    ...(ask.q === undefined ? [] : [imageGlob(ask.q)]),
  ])
}

/** Whether a repository is asked for: as a whole by its numbers, by its images where only they can be that. */
export function repositoryTest(ask: ListAsk): Test<RepositoryFacts> {
  return all([
    ...placeTests(ask),
    ...(ask.q === undefined ? [] : [repositoryGlob(ask.q)]),
    ...(ask.conditions ?? []).map((condition) => turned(condition, repositoryCondition(condition))),
  ])
}

function all<T>(tests: readonly Test<T>[]): Test<T> {
  return (row) => tests.every((test) => test(row))
}

function turned<T>({ not = false }: Condition, test: Test<T>): Test<T> {
  return not ? (row) => !test(row) : test
}

function placeTests({ frontEnd, upstream, repository }: ListAsk): Test<RepositoryFacts>[] {
  const tests: Test<RepositoryFacts>[] = []
  if (frontEnd !== undefined) tests.push((row) => row.frontEnd === frontEnd)
  if (upstream !== undefined) tests.push((row) => row.upstream === upstream)
  if (repository !== undefined) tests.push((row) => row.repository === repository)
  return tests
}

function repositoryGlob(glob: string): Test<RepositoryFacts> {
  const matches = createGlob(glob)
  return ({ name }) => matches(name)
}

function imageGlob(glob: string): Test<ImageFacts> {
  const matches = createImageGlob(glob)
  if (!namesReference(glob)) return onRepository((name) => matches(name, ''))
  // A glob like "a/**:*" could mean the colon in a digest: only "@" asks for digests.
  if (glob.includes('@')) return ({ of, digest }) => matches(of.name, digest)
  const halves = halvesOf(glob)
  if (halves === undefined) return (image) => someTag(image, (tag) => matches(image.of.name, tag))
  const inRepository = onRepository(createGlob(halves.repository))
  const isTag = createGlob(halves.tag)
  return (image) => inRepository(image) && someTag(image, isTag)
}

function someTag({ tags, tagList }: ImageFacts, is: (tag: string) => boolean): boolean {
  if (tags < 2) return tags === 1 && is(tagList)
  return tagList.split(' ').some(is)
}

/**
 * What a glob says of repositories and of tags: either can be looked at alone, as tags have neither slash nor colon.
 * Undefined where a "**" may reach across.
 */
function halvesOf(glob: string): { readonly repository: string; readonly tag: string } | undefined {
  const colon = glob.lastIndexOf(':')
  const tag = glob.slice(colon + 1)
  return tag.includes('**') ? undefined : { repository: glob.slice(0, colon), tag }
}

/** Images of one repository stand together: its name is looked at once. */
function onRepository(matches: (name: string) => boolean): Test<ImageFacts> {
  const known = new Map<RepositoryFacts, boolean>()
  return ({ of }) => {
    const is = known.get(of) ?? matches(of.name)
    known.set(of, is)
    return is
  }
}

/** What images, repositories and files all have. Times are milliseconds since the epoch, sizes bytes on disk. */
interface Numbers {
  readonly total: number
  readonly onlyHere: number
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
}

/** Undefined for what is about something else. */
export function numberCondition(condition: Condition): Test<Numbers> | undefined {
  switch (condition.kind) {
    case 'idle':
      return ({ lastUsed }) => lastUsed < condition.before
    case 'used':
      return ({ lastUsed }) => lastUsed >= condition.after
    case 'older':
      return ({ firstCached }) => firstCached < condition.before
    case 'larger':
      return (row) => row[condition.of] > condition.bytes
    case 'smaller':
      return (row) => row[condition.of] < condition.bytes
    case 'fewer':
      return ({ pulls }) => pulls < condition.pulls
    default:
      return undefined
  }
}

/** What images and repositories both have. */
function sharedCondition(condition: Condition): Test<ImageFacts | RepositoryFacts> | undefined {
  switch (condition.kind) {
    case 'untagged':
      return ({ tags }) => tags === 0
    case 'tagged':
      return ({ tags }) => tags > 0
    case 'pinned':
      return ({ pinned }) => pinned
    default:
      return numberCondition(condition)
  }
}

/** A variant belongs to its architecture, and what is for no other system is for Linux. */
export function hasPlatform(platforms: readonly string[], name: string): boolean {
  return platforms.some((one) => `${one}/`.startsWith(`${name}/`) || `${one}/`.startsWith(`linux/${name}/`))
}

function imageCondition(condition: Condition): Test<ImageFacts> {
  switch (condition.kind) {
    case 'partial':
      return ({ isComplete }) => !isComplete
    case 'complete':
      return ({ isComplete }) => isComplete
    case 'replaced':
      return ({ replacedAt }) => replacedAt !== undefined
    case 'gone':
      return ({ goneAt }) => goneAt !== undefined
    case 'moved':
      return ({ moved }) => moved
    case 'upstream':
      return ({ of }) => of.upstream === condition.name
    case 'platform':
      return (image) => hasPlatform(platformsIn(image), condition.name)
    case 'name':
      return imageGlob(condition.glob)
    default:
      return sharedCondition(condition) ?? (() => false)
  }
}

function repositoryCondition(condition: Condition): Test<RepositoryFacts> {
  switch (condition.kind) {
    case 'partial':
      return ({ partial }) => partial > 0
    case 'complete':
      return ({ partial }) => partial === 0
    case 'replaced':
      return ({ replaced }) => replaced > 0
    case 'gone':
      return ({ gone }) => gone > 0
    case 'moved':
      return ({ moved }) => moved > 0
    case 'upstream':
      return ({ upstream }) => upstream === condition.name
    case 'platform':
      return ({ platforms }) => hasPlatform([...platforms], condition.name)
    case 'name':
      return repositoryGlob(condition.glob)
    default:
      return sharedCondition(condition) ?? (() => false)
  }
}
