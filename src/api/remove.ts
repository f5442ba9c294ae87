import type { Router } from '@koa/router'
import { z } from 'zod'
import { bodyOf } from './answer.ts'
import type { Preview } from './contract-evict.ts'
import type { ApiDeps } from './deps.ts'
import { detailOf, targetOf, whoOf } from './evict.ts'
import { createShow, selectionAsk } from './evict-preview.ts'
import { createEvict } from './evict-run.ts'
import { about } from './visitor.ts'

export const removeAsk = z.strictObject({
  ...selectionAsk.pick({ filter: true, of: true, kind: true, includeGone: true }).shape,
  names: z.array(z.string()).default([]),
  dryRun: z.boolean().default(true),
})

/** Taking out at once what a selection means, and what that frees: as whoever looks first and then evicts. */
export function removeRoutes(router: Router, deps: ApiDeps): void {
  const show = createShow(deps)
  const evict = createEvict(deps)
  router.post('/remove', async (ctx) => {
    const { dryRun, ...asked } = await bodyOf(ctx, removeAsk)
    const ask = { ...asked, exclude: [], tagsOnly: false }
    const { preview, shown } = await show(ask)
    if (!dryRun) {
      const target = targetOf(ask)
      about(ctx, { action: 'remove', target, detail: { count: preview.count, bytes: preview.frees } })
      const { includeGone } = ask
      const evicted = await evict(shown, { mode: 'now', includeGone, who: whoOf(ctx) })
      about(ctx, { action: 'remove', target, detail: detailOf(evicted, 'now') })
    }
    ctx.body = preview satisfies Preview
  })
}
