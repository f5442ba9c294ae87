import type { Context } from 'koa'
import type { ImageRow } from '../db/accounts/rows.ts'
import type { Access } from '../domain/access.ts'
import { ruleNamesOf } from '../domain/file-names.ts'
import { hasRole } from '../domain/principal.ts'
import type { Page } from './contract.ts'
import { seal, unseal } from './sealed.ts'
import { visitorOf } from './visitor.ts'

/** What a row of a list is about. */
interface Named {
  readonly upstream: string
  readonly repository: string
  readonly tags?: readonly string[] | number
  /** What rules call its repository, where that is not its upstream and its name. */
  readonly place?: string
}

/** Whoever looks after the cache sees all that takes its room, also what rules let nobody pull. */
export function seesAll({ isUnrestricted, principal }: Access): boolean {
  return isUnrestricted || hasRole(principal, 'operator')
}

/** Throws AppError `denied` for what this user may not pull. */
export function requireShown(
  ctx: Context,
  { upstream, repository, ref }: Omit<Named, 'tags'> & { ref: string },
) {
  const { access } = visitorOf(ctx)
  if (!seesAll(access)) access.requirePull({ name: `${upstream}/${repository}`, reference: ref })
}

/** The same for a repository of anything but images: "hf:org/model". */
export function requirePlaceShown(ctx: Context, place: string): void {
  const { access } = visitorOf(ctx)
  if (seesAll(access)) return
  for (const name of ruleNamesOf(place)) access.requirePull({ name })
}

/** The part of a list that is asked for. */
interface Part {
  readonly limit?: number
  readonly cursor?: string
}

const USUAL = 200
/** Rows that are looked through at once where some are hidden, and how often that is done for one page. */
const BATCH = 1000
const MOST_BATCHES = 100

/**
 * A page without rows about what this user may not pull: not even that it is here is told. So the total only counts
 * those of this page, and cursors, which hold what rows are called and sorted by, are sealed. Where nearly all is
 * hidden a page may have few rows, or none, before its cursor.
 */
export async function shownPage<T extends Named>(
  ctx: Context,
  ask: Part,
  read: (part: Part) => Promise<Page<T>>,
): Promise<Page<T>> {
  const { access } = visitorOf(ctx)
  if (seesAll(access)) return await read(ask)
  const { limit = USUAL, cursor } = ask
  const items: T[] = []
  let at: Part = cursor === undefined ? ask : { ...ask, cursor: unseal(cursor) }
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    const page = await read({ ...at, limit: BATCH })
    for (const [place, row] of page.items.entries()) {
      if (!isShown(access, row)) continue
      items.push(row)
      if (items.length < limit) continue
      const upToHere = await read({ ...at, limit: place + 1 })
      return pageOf(items, upToHere.nextCursor)
    }
    if (page.nextCursor === undefined) return pageOf(items, undefined)
    at = { ...ask, cursor: page.nextCursor }
  }
  return pageOf(items, at.cursor)
}

function pageOf<T>(items: readonly T[], cursor: string | undefined): Page<T> {
  const total = items.length
  if (cursor === undefined) return { items, total, nextCursor: undefined }
  return { items, total, totalIsLeast: true, nextCursor: seal(cursor) }
}

/** An image as this user may know it: without tags that are hidden, and called by none of them. */
export function shownImage<T extends ImageRow>(ctx: Context, image: T): T {
  const { access } = visitorOf(ctx)
  if (seesAll(access)) return image
  const repository = `${image.upstream}/${image.repository}`
  const tags = image.tags.filter((tag) => access.mayPull({ name: repository, reference: tag }))
  if (tags.length === image.tags.length) return image
  const [first] = tags
  const tagCount = tags.length
  return {
    ...image,
    tags,
    tagCount,
    name: first === undefined ? `${repository}@${image.digest}` : `${repository}:${first}`,
  }
}

/** Whether this user may know of some tags of a repository only: then what was added up of all would tell of others. */
export function seesTagsApart(ctx: Context, name: string): boolean {
  const { access } = visitorOf(ctx)
  return !seesAll(access) && access.tellsApart(name)
}

/** Names ("docker.io/library/nginx") of what this user may pull. */
export function shownNames(ctx: Context, names: readonly string[]): readonly string[] {
  const { access } = visitorOf(ctx)
  return seesAll(access) ? names : names.filter((name) => mayPullAll(access, name))
}

/** Whether nothing that rules call this repository is denied. */
export function mayPullAll(access: Access, repository: string): boolean {
  return ruleNamesOf(repository).every((name) => access.mayPull({ name }))
}

export function requireSeesAll(ctx: Context): void {
  const { access } = visitorOf(ctx)
  if (!seesAll(access)) access.requireRole('operator')
}

/** The name of an image may be that of any of its tags. */
function isShown(access: Access, { upstream, repository, tags, place }: Named): boolean {
  const name = place ?? `${upstream}/${repository}`
  const list = typeof tags === 'object' ? tags : []
  return mayPullAll(access, name) && list.every((tag) => access.mayPull({ name, reference: tag }))
}
