import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import { queryOf } from './answer.ts'
import { lastDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { seesAll } from './shown.ts'
import { shownSums } from './shown-sums.ts'
import { visitorOf } from './visitor.ts'

export const treeAsk = z.strictObject({ path: z.string().max(1000).optional() })

/** The tree of names, level by level. No upstream is asked. */
export function treeRoutes(router: Router, { index }: ApiDeps): void {
  router.get('/tree', async (ctx) => {
    const { path } = queryOf(ctx, treeAsk)
    const { access } = visitorOf(ctx)
    writeUses(index)
    const since = lastDeed({ index })
    // Nodes are sums: of what somebody may not pull nothing is in them.
    const names = seesAll(access) ? undefined : await index.clerk.ask('namesBelow', { path, since })
    const shown = names?.filter(({ name }) => access.mayPull({ name }))
    const instead = await shownSums({ index }, access, shown ?? [])
    const only = shown?.map(({ id }) => id)
    ctx.body = { items: await index.clerk.ask('tree', { path, only, instead, since }) }
  })
}
