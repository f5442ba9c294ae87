import type { Router } from '@koa/router'
import { z } from 'zod'
import { queryOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'

const DEFAULT_PAGE = 200

export const ask = z.strictObject({
  since: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(DEFAULT_PAGE),
  /** The id of the last row before. */
  cursor: z.coerce.number().int().positive().optional(),
})

/** Who did what, newest first. */
export function auditRoutes(router: Router, { audit, index }: ApiDeps): void {
  router.get('/audit', (ctx) => {
    const { since, limit, cursor } = queryOf(ctx, ask)
    audit.flush()
    const items = index.audit.list({ since, before: cursor, limit })
    const last = items.length < limit ? undefined : items.at(-1)
    ctx.body = { items, nextCursor: last === undefined ? undefined : String(last.id) }
  })
}
