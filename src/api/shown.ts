import type { Context } from 'koa'
import type { Access } from '../domain/access.ts'
import { hasRole } from '../domain/principal.ts'
import type { Page } from './contract.ts'
import { visitorOf } from './visitor.ts'

/** What a row of a list is about. */
interface Named {
  readonly upstream: string
  readonly repository: string
  readonly tags?: readonly string[] | number
}

/** Whoever looks after the cache sees all that takes its room, also what rules let nobody pull. */
function seesAll({ isUnrestricted, principal }: Access): boolean {
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

/**
 * A page without rows about what this user may not pull: not even that it is here is told. It may be shorter than
 * others, and its total only counts what it shows.
 */
export function shownPage<T extends Named>(ctx: Context, page: Page<T>): Page<T> {
  const { access } = visitorOf(ctx)
  if (seesAll(access)) return page
  const items = page.items.filter((row) => isShown(access, row))
  return { ...page, items, total: items.length }
}

/** Names ("docker.io/library/nginx") of what this user may pull. */
export function shownNames(ctx: Context, names: readonly string[]): readonly string[] {
  const { access } = visitorOf(ctx)
  return seesAll(access) ? names : names.filter((name) => access.mayPull({ name }))
}

export function requireSeesAll(ctx: Context): void {
  const { access } = visitorOf(ctx)
  if (!seesAll(access)) access.requireRole('operator')
}

/** The name of an image may be that of any of its tags. */
function isShown(access: Access, { upstream, repository, tags }: Named): boolean {
  const name = `${upstream}/${repository}`
  const list = typeof tags === 'object' ? tags : []
  return access.mayPull({ name }) && list.every((tag) => access.mayPull({ name, reference: tag }))
}
