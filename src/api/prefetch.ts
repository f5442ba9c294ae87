import type { Router } from '@koa/router'
import { z } from 'zod'
import { bodyOf, stream } from './answer.ts'
import { briefly } from './briefly.ts'
import type { PrefetchRow } from './contract-prefetch.ts'
import { asDeed } from './deeds.ts'
import type { ApiDeps } from './deps.ts'
import { about } from './visitor.ts'

export const prefetchAsk = z.strictObject({
  names: z.array(z.string().min(1).max(100)).max(1000).default([]),
  dryRun: z.boolean().default(false),
})

/** Lists of images that are brought in by the clock: what there is, and running them by hand. */
export function prefetchRoutes(router: Router, deps: ApiDeps): void {
  const { prefetch, scheduler } = deps
  router.get('/prefetch', (ctx) => {
    const running = new Set(scheduler.running().map(({ subject }) => subject))
    const items = prefetch.lists().map(({ list, last }): PrefetchRow => {
      const { name, refs, file, schedule, platforms } = list
      const nextRun = scheduler.next(name)
      return { name, refs, file, schedule, nextRun, platforms, running: running.has(name), last }
    })
    ctx.body = { items }
  })

  router.post('/prefetch', async (ctx) => {
    const ask = await bodyOf(ctx, prefetchAsk)
    if (!ask.dryRun) about(ctx, { action: 'prefetch', target: briefly(ask.names) })
    prefetch.requireLists(ask.names)
    await stream(ctx, (watch) =>
      ask.dryRun ? prefetch.run(ask, watch) : asDeed(deps, () => prefetch.run(ask, watch)),
    )
  })
}
