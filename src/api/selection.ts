import type { ImageRow, ListAsk } from '../db/accounts/rows.ts'
import type { Condition } from '../domain/condition.ts'
import { AppError } from '../domain/errors.ts'
import { parseFilter } from '../domain/filter.ts'
import { parseImageName } from '../frontends/oci/reference.ts'
import { createRouter } from '../frontends/oci/route.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern, isGlob } from './pattern.ts'

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

/** Images that one answer may name; more would not fit anybody's head either. */
const MOST = 20_000
const PAGE = 1000

/** The images that a selection means, exact as of now. Throws AppError for names and filters that are malformed. */
export async function selectImages(deps: ApiDeps, { names, filter }: SelectionAsk): Promise<Selected> {
  const conditions = conditionsOf(deps, filter)
  if (names.length === 0 && conditions.length === 0)
    throw new AppError('bad_request', { message: 'say which images: names, or a filter' })
  if (names.length === 0) return { images: await listAll(deps, { conditions }), notFound: [] }
  const found = new Map<string, ImageRow>()
  const notFound: string[] = []
  for (const name of names) {
    const images = await listAll(deps, { ...askOf(deps, name), conditions })
    if (images.length === 0) notFound.push(name)
    for (const image of images) found.set(`${image.repositoryId} ${image.digest}`, image)
  }
  return { images: [...found.values()], notFound }
}

/** Throws AppError `bad_request` that names the word that is not understood. */
export function conditionsOf(deps: Pick<ApiDeps, 'clock'>, filter: string | undefined): readonly Condition[] {
  if (filter === undefined || filter.trim() === '') return []
  const parsed = parseFilter(filter, deps.clock())
  if ('problem' in parsed) throw new AppError('bad_request', { message: `filter: ${parsed.problem}` })
  return parsed.conditions
}

function askOf(deps: ApiDeps, name: string): ListAsk {
  if (isGlob(name)) return { q: fullPattern(deps.config().upstreams, name) }
  const { route, reference } = parseName(deps, name)
  const repository = `${route.upstream.name}/${route.repository}`
  if (reference === undefined) return { q: repository }
  return { q: `${repository}${reference.kind === 'digest' ? '@' : ':'}${reference.text}` }
}

export function parseName(deps: Pick<ApiDeps, 'config'>, name: string) {
  return parseImageName(name, createRouter(deps.config().upstreams))
}

async function listAll(deps: ApiDeps, ask: ListAsk): Promise<readonly ImageRow[]> {
  const images: ImageRow[] = []
  let cursor: string | undefined
  do {
    const page = await deps.index.clerk.ask('images', {
      ...ask,
      exact: cursor === undefined,
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    })
    images.push(...page.items)
    if (page.total > MOST)
      throw new AppError('bad_request', { message: `${page.total} images match, at most ${MOST} go at once` })
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return images
}
