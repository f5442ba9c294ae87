import type { Context } from 'koa'
import type { TagHere } from '../db/accounts/here.ts'
import type { Access } from '../domain/access.ts'
import type { HubList, HubRepository, HubTagLine } from '../hub/lists.ts'
import type { HubImage, HubTag } from './contract-hub.ts'
import type { ApiDeps } from './deps.ts'
import { seesAll, shownNames } from './shown.ts'
import { visitorOf } from './visitor.ts'

type Deps = Pick<ApiDeps, 'index' | 'hub'>

/**
 * Repositories with whether something of them is here at this moment, without those that rules keep from who asks. Of
 * hidden tags nothing is told, not even that there are some.
 */
export async function markedImages(
  ctx: Context,
  { index, hub }: Deps,
  rows: readonly HubRepository[],
): Promise<readonly HubImage[]> {
  const { access } = visitorOf(ctx)
  const upstream = hub.registry()
  const named = rows.map((row) => ({ ...row, name: `${upstream}/${row.repository}` }))
  const names = new Set(
    shownNames(
      ctx,
      named.map(({ name }) => name),
    ),
  )
  const shown = named.filter(({ name }) => names.has(name))
  const isApart = (name: string): boolean => !seesAll(access) && access.tellsApart(name)
  const here = await index.clerk.ask('tagsHere', {
    upstream,
    repositories: shown.map(({ repository }) => repository),
    // Which tags they are matters only where some are hidden.
    ...(shown.some(({ name }) => isApart(name)) ? {} : { most: 1 }),
  })
  return shown.map(({ repository: _repository, ...row }, at) => {
    const tags = here[at]
    const may = (reference: string): boolean => access.mayPull({ name: row.name, reference })
    return { ...row, cached: tags !== undefined && (!isApart(row.name) || tags.some(may)) }
  })
}

interface OwnRow {
  readonly name: string
  readonly repository: string
}

/** Those of our own rows of which nothing may be known: all tags of theirs that are here are hidden. */
export async function tellsNothing<T extends OwnRow>(
  { index }: Pick<Deps, 'index'>,
  access: Access,
  { upstream, rows }: { readonly upstream: string; readonly rows: readonly T[] },
): Promise<ReadonlySet<T>> {
  const apart = rows.filter(({ name }) => access.tellsApart(name))
  if (apart.length === 0) return new Set()
  const repositories = apart.map(({ repository }) => repository)
  const here = await index.clerk.ask('tagsHere', { upstream, repositories })
  const isHidden = ({ name }: T, tags: readonly string[] | undefined): boolean =>
    tags?.some((reference) => access.mayPull({ name, reference })) !== true
  return new Set(apart.filter((row, at) => isHidden(row, here[at])))
}

interface Tagged {
  readonly repository: string
  readonly list: HubList<HubTagLine>
  /** When Docker Hub said so. */
  readonly at: number
}

/** Tags with how they stand here at this moment, without those that rules keep from who asks. */
export async function markedTags(
  ctx: Context,
  { index, hub }: Deps,
  { repository, list, at }: Tagged,
): Promise<readonly HubTag[]> {
  const { access } = visitorOf(ctx)
  const upstream = hub.registry()
  const name = `${upstream}/${repository}`
  const all = seesAll(access)
  const shown = list.items.filter(({ tag }) => all || access.mayPull({ name, reference: tag }))
  const tags = shown.map(({ tag }) => tag)
  const here = await index.clerk.ask('whereTagsLead', { upstream, repository, tags })
  return shown.map((line, i) => ({ ...line, cached: standing(line, here[i], at) }))
}

/** What Docker Hub said before its registry was asked is no news. */
function standing({ digest }: HubTagLine, here: TagHere | undefined, at: number): HubTag['cached'] {
  if (here === undefined) return 'no'
  if (!here.isHere) return 'moved'
  const isOther = digest !== undefined && digest !== here.digest
  return isOther && here.checkedAt < at ? 'moved' : 'yes'
}
