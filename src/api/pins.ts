import type { Router } from '@koa/router'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern } from './pattern.ts'
import { about } from './visitor.ts'

const match = z.array(z.string().min(1).max(512).regex(/^\S+$/, 'must not hold blanks')).min(1)
export const putAsk = z.strictObject({
  match,
  reason: z.string().max(500).optional(),
  until: z.number().int().positive().optional(),
})
export const deleteAsk = z.strictObject({ match })

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
    if (until !== undefined && until <= deps.clock()) throw new AppError('bad_request', because('pin_over'))
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
      if (isConfigured) throw new AppError('bad_request', because('pin_fixed', { match: full }))
      throw new AppError('not_found', because('no_pin', { match: full }))
    }
    ctx.body = await list()
  })
}
