import type { Router } from '@koa/router'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { queryOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { parseName } from './selection.ts'
import { requireShown, seesAll, seesTagsApart, shownNames } from './shown.ts'
import { repositoryOf } from './tags.ts'
import { visitorOf } from './visitor.ts'

export const usageAsk = z.strictObject({ name: z.string().min(1).max(1000) })
export const besideAsk = usageAsk

/** Repositories that are listed. */
const MOST = 50

/** What stands beside a repository or a tag. No upstream is asked. */
export function usageRoutes(router: Router, deps: ApiDeps): void {
  const { index } = deps

  router.get('/repositories/usage', async (ctx) => {
    const place = repositoryOf(ctx, deps, queryOf(ctx, usageAsk).name)
    // What hidden tags share would be in these numbers.
    const isApart = (name: string): boolean => seesTagsApart(ctx, name)
    const isTold = !isApart(`${place.upstream}/${place.repository}`)
    const all = isTold ? await index.clerk.ask('sharedWith', place) : []
    const may = new Set(
      shownNames(
        ctx,
        all.map(({ name }) => name),
      ),
    )
    const shown = all.filter(({ name }) => may.has(name) && !isApart(name))
    ctx.body = { items: shown.slice(0, MOST), total: shown.length }
  })
  router.get('/tags/beside', async (ctx) => {
    const { route, reference } = parseName(deps, queryOf(ctx, besideAsk).name)
    if (reference === undefined || reference.text.includes(':'))
      throw new AppError('bad_request', { message: 'only tags stand beside each other' })
    const place = { upstream: route.upstream.name, repository: route.repository }
    requireShown(ctx, { ...place, ref: reference.text })
    const { before, after } = await index.clerk.ask('beside', { ...place, tag: reference.text })
    const { access } = visitorOf(ctx)
    const may = (tag: string): boolean =>
      seesAll(access) || access.mayPull({ name: `${place.upstream}/${place.repository}`, reference: tag })
    ctx.body = { before: before.find(may), after: after.find(may) }
  })
}
