import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import { principalName } from '../domain/principal.ts'
import { bodyOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { keepSafe } from './keep-safe.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().max(64)
export const putAsk = z.strictObject({ name, expiresAt: z.number().int().positive().optional() })
export const deleteAsk = z.strictObject({ name })

/** Keys for clients that cannot log in. */
export function keyRoutes(router: Router, { keys, index, log }: ApiDeps): void {
  router.get('/keys', (ctx) => {
    // The latest uses may not be written yet.
    writeUses(index)
    ctx.body = { items: keys.list() }
  })

  router.put('/keys', async (ctx) => {
    const { name: wanted, expiresAt } = await bodyOf(ctx, putAsk)
    about(ctx, { action: 'key.add', target: wanted })
    const by = principalName(visitorOf(ctx).access.principal)
    ctx.body = await keys.create({ name: wanted, by, expiresAt })
    keepSafe(index, log)
  })

  router.delete('/keys', async (ctx) => {
    const { name: unwanted } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'key.rm', target: unwanted })
    await keys.revoke(unwanted)
    keepSafe(index, log)
    ctx.body = { items: keys.list() }
  })
}
