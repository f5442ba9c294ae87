import type { Router } from '@koa/router'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf, LONGEST_LIST } from './answer.ts'
import { briefly } from './briefly.ts'
import type { ApiDeps } from './deps.ts'
import { fullPattern, isGlob } from './pattern.ts'
import { about } from './visitor.ts'

/** As many as a selection has. */
const MOST_AT_ONCE = 20_000
/** Each of them is tried on whatever is pulled. */
const MOST_GLOBS = 1000
const match = z
  .array(z.string().min(1).max(512).regex(/^\S+$/, 'must not hold blanks'))
  .min(1)
  .max(MOST_AT_ONCE)
  .refine((names) => names.filter(isGlob).length <= MOST_GLOBS, `at most ${MOST_GLOBS} with * or ? at once`)
export const putAsk = z.strictObject({
  match,
  reason: z.string().max(500).optional(),
  until: z.number().int().positive().optional(),
})
export const deleteAsk = z.strictObject({ match })

/** What is never evicted and never expires. */
export function pinRoutes(router: Router, deps: ApiDeps): void {
  const { pinned } = deps.parts

  const fullOf = (patterns: readonly string[]): readonly string[] => {
    const { upstreams } = deps.config()
    return [...new Set(patterns.map((pattern) => fullPattern(upstreams, pattern)))]
  }

  const list = async () => {
    const pins = pinned.list()
    const held = await deps.index.clerk.ask('pinHoldings', { matches: pins.map((pin) => pin.match) })
    return { items: pins.map((pin, at) => ({ ...pin, ...(held[at] ?? { images: 0, bytes: 0 }) })) }
  }

  router.get('/pins', async (ctx) => {
    ctx.body = await list()
  })

  router.put('/pins', async (ctx) => {
    const { match: patterns, reason, until } = await bodyOf(ctx, putAsk, LONGEST_LIST)
    about(ctx, { action: 'pin', target: briefly(patterns), detail: { pins: patterns.length, reason, until } })
    if (until !== undefined && until <= deps.clock()) throw new AppError('bad_request', because('pin_over'))
    await pinned.put(fullOf(patterns).map((full) => ({ match: full, reason, until })))
    ctx.body = await list()
  })

  router.delete('/pins', async (ctx) => {
    const { match: patterns } = await bodyOf(ctx, deleteAsk, LONGEST_LIST)
    about(ctx, { action: 'unpin', target: briefly(patterns), detail: { pins: patterns.length } })
    const missing = await pinned.remove(fullOf(patterns))
    if (missing !== undefined) {
      const isConfigured = pinned.list().some((pin) => pin.match === missing && pin.origin === 'config')
      if (isConfigured) throw new AppError('bad_request', because('pin_fixed', { match: missing }))
      throw new AppError('not_found', because('no_pin', { match: missing }))
    }
    ctx.body = await list()
  })
}
