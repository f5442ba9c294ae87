import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { Known } from '../auth/authenticate.ts'
import type { Users } from '../auth/users.ts'
import { AppError, toAppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf } from './answer.ts'
import type { KeepSafe } from './keep-safe.ts'
import { charged, enter, hasSession, type Reception, show } from './session.ts'
import { about, visitorOf } from './visitor.ts'

const text = z
  .string()
  .max(1024)
  .regex(/^[^\0]*$/)
export const putAsk = z.strictObject({ old: text, new: text })

interface PasswordDeps {
  readonly users: Pick<Users, 'put'>
  readonly reception: Reception
  readonly keepSafe: KeepSafe
}

/** One's own password, for whoever knows the old one: a session that was left open is not enough. */
export function passwordRoutes(router: Router, { users, reception, keepSafe }: PasswordDeps): void {
  router.put('/session/password', async (ctx) => {
    const { old, new: password } = await bodyOf(ctx, putAsk)
    const name = ownName(ctx)
    about(ctx, { action: 'user.change', target: name, detail: { password: 'new' } })
    const { account } = await knownBy(ctx, { name, password: old }, reception)
    await users.put({ name, password, was: account.hash })
    // Their tokens were revoked.
    keepSafe()
    const known = await reception.authenticator.find(name)
    // All sessions of the user ended, but not the one it was set in.
    if (known !== undefined && hasSession(ctx, reception)) await enter(ctx, reception, known)
    await show(ctx, reception, visitorOf(ctx).access.principal)
  })
}

function ownName(ctx: Context): string {
  const { principal } = visitorOf(ctx).access
  if (principal.kind !== 'user') throw new AppError('denied', because('password_user'))
  return principal.name
}

/** Throws AppError `denied` for a wrong password: `unauthorized` would say that the session is over. */
async function knownBy(
  ctx: Context,
  { name, password }: { readonly name: string; readonly password: string },
  { authenticator, chargeGuess }: Reception,
): Promise<Known> {
  const { address } = visitorOf(ctx)
  const credentials = { name, password: Buffer.from(password) }
  try {
    return await charged(chargeGuess, address, () => authenticator.login(credentials, address))
  } catch (error) {
    if (toAppError(error).code !== 'unauthorized') throw error
    throw new AppError('denied', because('password_old'))
  }
}
