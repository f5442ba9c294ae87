import type { Router } from '@koa/router'
import { z } from 'zod'
import { writeUses } from '../cache/uses.ts'
import { principalName } from '../domain/principal.ts'
import { bodyOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import type { KeepSafe } from './keep-safe.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().max(64)
export const putAsk = z.strictObject({ name, expiresAt: z.number().int().positive().optional() })
export const deleteAsk = z.strictObject({ name })

type KeyDeps = Pick<ApiDeps, 'keys' | 'index'> & { readonly keepSafe: KeepSafe }

/** Keys for clients that cannot log in. */
export function keyRoutes(router: Router, { keys, index, keepSafe }: KeyDeps): void {
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
  })

  router.delete('/keys', async (ctx) => {
    const { name: unwanted } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'key.rm', target: unwanted })
    await keys.revoke(unwanted)
    keepSafe()
    ctx.body = { items: keys.list() }
  })
}
