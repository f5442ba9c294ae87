import type { ChosenName } from '../db/accounts/chosen.ts'
import type { MatchAsk, Matches } from '../db/accounts/matching.ts'
import type { ImageRow } from '../db/accounts/rows.ts'
import { MINUTE } from '../domain/clock.ts'
import type { Condition } from '../domain/condition.ts'
import { AppError } from '../domain/errors.ts'
import { parseFilter } from '../domain/filter.ts'
import { because } from '../domain/reasons.ts'
import { parseImageName } from '../frontends/oci/reference.ts'
import { createRouter, type Router } from '../frontends/oci/route.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern, isGlob } from './pattern.ts'

type Upstreams = ReturnType<ApiDeps['config']>['upstreams']

export interface SelectionAsk {
  /** Images ("nginx:1.27"), whole repositories ("nginx") or globs ("docker.io/library/**"). */
  readonly names: readonly string[]
  /** The filter grammar; with names, both must hold. */
  readonly filter?: string | undefined
}

export interface Selected {
  readonly images: readonly ImageRow[]
  /** Names that nothing matches. */
  readonly notFound: readonly string[]
}

/** Images, or files, that one answer may name; more would not fit anybody's head either. */
export const MOST = 20_000
/** Sizes by which images are chosen may be so old. */
const SIZES_AGE = 10 * MINUTE

/**
 * The images that a selection means at this moment. What is named plainly is found without a look at everything else.
 * Throws AppError for names and filters that are malformed, and where there are too many images.
 */
export async function selectImages(deps: ApiDeps, { names, filter }: SelectionAsk): Promise<Selected> {
  const conditions = conditionsOf(deps, filter)
  if (names.length === 0 && conditions.length === 0)
    throw new AppError('bad_request', because('no_selection'))
  const plain = names.filter((name) => !isGlob(name))
  const globs = names.filter(isGlob)
  const { byName, byGlob } = await match(deps, {
    names: plain.map((name) => toChosen(deps, name)),
    globs: globs.map((name) => fullPattern(deps.config().upstreams, name)),
    conditions,
  })
  const found = new Map<string, ImageRow>()
  for (const image of [...byName, ...byGlob].flat()) found.set(`${image.repositoryId} ${image.digest}`, image)
  refuseMany(found.size)
  const lost = (_: string, at: number): boolean => byName[at]?.length === 0
  const notFound = [...plain.filter(lost), ...globs.filter((_, at) => byGlob[at]?.length === 0)]
  return { images: [...found.values()], notFound }
}

async function match(
  { index, clock }: ApiDeps,
  ask: Pick<MatchAsk, 'names' | 'globs' | 'conditions'>,
): Promise<Exclude<Matches, { tooMany: number }>> {
  const notBefore = Math.max(clock() - SIZES_AGE, undoneSince({ index }))
  const found = await index.clerk.ask('matching', { ...ask, most: MOST, notBefore })
  if (!('tooMany' in found)) return found
  throw new AppError('bad_request', because('many_images', { images: found.tooMany, most: MOST }))
}

function refuseMany(images: number): void {
  if (images > MOST) throw new AppError('bad_request', because('many_images', { images, most: MOST }))
}

const undoneAt = new WeakMap<ApiDeps['index'], number>()

/** What an undo brings back is as old as it was: only lists that are made from now on know of it. */
export function noteUndone({ index, clock }: ApiDeps): void {
  undoneAt.set(index, clock() + 1)
}

/** When something was put back last; 0: not since the start. */
export function undoneSince({ index }: Pick<ApiDeps, 'index'>): number {
  return undoneAt.get(index) ?? 0
}

/** An image as one text, by which it is known among others. */
export function imageText({
  upstream,
  repository,
  digest,
}: Pick<ImageRow, 'upstream' | 'repository' | 'digest'>): string {
  return `${upstream}/${repository}@${digest}`
}

/** Throws AppError `bad_request` that names the word that is not understood. */
export function conditionsOf(deps: Pick<ApiDeps, 'clock'>, filter: string | undefined): readonly Condition[] {
  if (filter === undefined || filter.trim() === '') return []
  const parsed = parseFilter(filter, deps.clock())
  if ('problem' in parsed)
    throw new AppError('bad_request', { message: `filter: ${parsed.problem}`, why: parsed.why })
  return parsed.conditions
}

/** An image, or a whole repository, by its plain name. Throws AppError as requests for it do. */
export function toChosen(deps: Pick<ApiDeps, 'config'>, name: string): ChosenName {
  const { route, reference } = parseName(deps, name)
  return { upstream: route.upstream.name, repository: route.repository, ref: reference?.text }
}

export function parseName(deps: Pick<ApiDeps, 'config'>, name: string) {
  return parseImageName(name, routerOf(deps.config().upstreams))
}

const routers = new WeakMap<Upstreams, Router<Upstreams[number]>>()

/** One for each configuration: thousands of names come at once. */
function routerOf(upstreams: Upstreams): Router<Upstreams[number]> {
  const router = routers.get(upstreams) ?? createRouter(upstreams)
  routers.set(upstreams, router)
  return router
}
