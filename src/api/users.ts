import type { Router } from '@koa/router'
import { z } from 'zod'
import type { Users } from '../auth/users.ts'
import { bodyOf } from './answer.ts'
import type { KeepSafe } from './keep-safe.ts'
import { enter, hasSession, type Reception } from './session.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().max(255)
export const putAsk = z.strictObject({
  name,
  password: z.string().max(1024).optional(),
  role: z.enum(['user', 'operator', 'admin']).optional(),
})
export const deleteAsk = z.strictObject({ name })

interface UserDeps {
  readonly users: Users
  readonly reception: Reception
  readonly keepSafe: KeepSafe
}

/** Who can log in. */
export function userRoutes(router: Router, { users, reception, keepSafe }: UserDeps): void {
  router.get('/users', async (ctx) => {
    ctx.body = { items: await users.list() }
  })

  router.put('/users', async (ctx) => {
    const change = await bodyOf(ctx, putAsk)
    const { password, role } = change
    const detail = { role, password: password === undefined ? undefined : 'new' }
    about(ctx, { action: 'user.put', target: change.name, detail })
    const done = await users.put(change)
    about(ctx, { action: done === 'added' ? 'user.add' : 'user.change', target: change.name, detail })
    // A new password ends all sessions of its user, but not the one it was set in.
    const { principal } = visitorOf(ctx).access
    const isOwn = principal.kind === 'user' && principal.name === change.name
    const known = isOwn ? await reception.authenticator.find(change.name) : undefined
    if (password !== undefined && known !== undefined && hasSession(ctx, reception)) {
      await enter(ctx, reception, known)
    }
    ctx.body = { items: await users.list() }
  })

  router.delete('/users', async (ctx) => {
    const { name: unwanted } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'user.rm', target: unwanted })
    await users.remove(unwanted)
    // Their tokens were revoked.
    keepSafe()
    ctx.body = { items: await users.list() }
  })
}
