import type { Router } from '@koa/router'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { bodyOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern } from './pattern.ts'
import { about } from './visitor.ts'

const match = z.array(z.string().min(1).max(512).regex(/^\S+$/, 'must not hold blanks')).min(1)
const putAsk = z.strictObject({
  match,
  reason: z.string().max(500).optional(),
  until: z.number().int().positive().optional(),
})
const deleteAsk = z.strictObject({ match })

/** What is never evicted and never expires. */
export function pinRoutes(router: Router, deps: ApiDeps): void {
  const { pinned } = deps.parts

  const list = async () => {
    const pins = pinned.list()
    const held = await deps.index.clerk.ask('pinHoldings', { matches: pins.map((pin) => pin.match) })
    return { items: pins.map((pin, at) => ({ ...pin, ...(held[at] ?? { images: 0, bytes: 0 }) })) }
  }

  router.get('/pins', async (ctx) => {
    ctx.body = await list()
  })

  router.put('/pins', async (ctx) => {
    const { match: patterns, reason, until } = await bodyOf(ctx, putAsk)
    about(ctx, { action: 'pin', target: patterns.join(' '), detail: { reason, until } })
    if (until !== undefined && until <= deps.clock())
      throw new AppError('bad_request', { message: 'the pin would have ended already' })
    for (const pattern of patterns)
      await pinned.put({ match: fullPattern(deps.config().upstreams, pattern), reason, until })
    ctx.body = await list()
  })

  router.delete('/pins', async (ctx) => {
    const { match: patterns } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'unpin', target: patterns.join(' ') })
    const known = pinned.list()
    for (const pattern of patterns) {
      const full = fullPattern(deps.config().upstreams, pattern)
      if (await pinned.remove(full)) continue
      const isConfigured = known.some((pin) => pin.match === full && pin.origin === 'config')
      const message = isConfigured
        ? `${full} is pinned by config.toml: change it there`
        : `${full} is not pinned`
      throw new AppError(isConfigured ? 'bad_request' : 'not_found', { message })
    }
    ctx.body = await list()
  })
}
