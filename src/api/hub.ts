import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import type { Heard } from '../hub/hub.ts'
import { MOST_PAGES } from '../hub/lists.ts'
import { namedRepository, searchedWords } from '../hub/names.ts'
import { queryOf } from './answer.ts'
import type { HubImage, HubPage, HubTag } from './contract-hub.ts'
import type { ApiDeps } from './deps.ts'
import { type OwnPage, ownImages, ownTags } from './hub-here.ts'
import { markedImages, markedTags } from './hub-marks.ts'
import { seesAll, shownNames } from './shown.ts'
import { visitorOf } from './visitor.ts'

/** Addresses and references are longer than what they are searched by. */
const LONGEST = 1000
const LONGEST_PART = 128
const page = z.coerce.number().int().min(1).max(MOST_PAGES).default(1)
export const searchAsk = z.strictObject({ q: z.string().min(1).max(LONGEST), page })
export const hubTagsAsk = z.strictObject({
  repository: z.string().min(1).max(LONGEST),
  q: z.string().max(LONGEST_PART).optional(),
  page,
})

/** What Docker Hub has. It is asked here and nowhere else, and only where its answer is not known yet. */
export function hubRoutes(router: Router, deps: ApiDeps): void {
  router.get('/hub/search', async (ctx) => {
    const { q, page } = queryOf(ctx, searchAsk)
    const words = searchedWords(q)
    const { access } = visitorOf(ctx)
    if (!seesAll(access)) access.requireAnyOf(deps.hub.registry())
    const heard = await deps.hub.search(words, page)
    ctx.body = isHeard(heard)
      ? told(heard, { page, items: await markedImages(ctx, deps, heard.list.items) })
      : ownPage<HubImage>(deps, heard, { page, own: await ownImages(ctx, deps, { words, page }) })
  })
  router.get('/hub/tags', async (ctx) => {
    const { repository: text, q = '', page } = queryOf(ctx, hubTagsAsk)
    const repository = namedRepository(text)
    const name = `${deps.hub.registry()}/${repository}`
    requireRepository(ctx, name)
    const ask = { repository, part: tagPart(q), page }
    const heard = await deps.hub.tags(ask)
    if (isHeard(heard)) {
      const { list, at } = heard
      ctx.body = told(heard, { page, items: await markedTags(ctx, deps, { repository, list, at }) })
      return
    }
    const own = await ownTags(ctx, deps, ask)
    const isNowhere = heard.kind === 'absent' && own.items.length === 0
    if (isNowhere && !(await hasTags(ctx, deps, ask))) throw new AppError('upstream_not_found', absent(name))
    ctx.body = ownPage<HubTag>(deps, heard, { page, own, name })
  })
}

function requireRepository(ctx: Context, name: string): void {
  if (shownNames(ctx, [name]).length === 0) visitorOf(ctx).access.requirePull({ name })
}

/** Other characters are in no tag, and a star means nothing to Docker Hub. */
function tagPart(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]/g, '')
}

/** Whether any tag that who asks may know of is here. */
async function hasTags(
  ctx: Context,
  deps: ApiDeps,
  ask: { readonly repository: string; readonly part: string; readonly page: number },
): Promise<boolean> {
  if (ask.part === '' && ask.page === 1) return false
  return (await ownTags(ctx, deps, { ...ask, part: '', page: 1 })).items.length > 0
}

type Told<T> = Extract<Heard<T>, { readonly list: unknown }>

function isHeard<T>(heard: Heard<T>): heard is Told<T> {
  return heard.kind === 'hub' || heard.kind === 'remembered'
}

function told<T, R>(
  heard: Told<T>,
  { page, items }: { readonly page: number; readonly items: readonly R[] },
): HubPage<R> {
  const { list, at } = heard
  return {
    items,
    total: list.total,
    nextCursor: nextOf(page, list.hasMore),
    source: heard.kind,
    at,
    ...(heard.kind === 'hub' ? { why: undefined } : whyOf(heard.why)),
  }
}

function ownPage<R>(
  { clock }: ApiDeps,
  heard: Exclude<Heard<unknown>, Told<unknown>>,
  { page, own, name = '' }: { page: number; own: OwnPage<R>; name?: string },
): HubPage<R> {
  const { hasMore, ...rest } = own
  const why = heard.kind === 'absent' ? absent(name) : heard.why
  return { ...rest, nextCursor: nextOf(page, hasMore), source: 'cache', at: clock(), ...whyOf(why) }
}

function nextOf(page: number, hasMore: boolean): string | undefined {
  return hasMore && page < MOST_PAGES ? String(page + 1) : undefined
}

function absent(name: string) {
  return because('hub_absent', { name })
}

function whyOf({ message, why }: ReturnType<typeof absent>) {
  return { why: message, reason: why.id, params: why.params }
}
