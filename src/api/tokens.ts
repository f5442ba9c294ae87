import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { ApiTokens } from '../auth/api-tokens.ts'
import type { Index } from '../db/index.ts'
import type { ApiToken } from '../db/tokens.ts'
import { AppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { bodyOf } from './answer.ts'
import type { TokenRow } from './contract-session.ts'
import { keepSafe } from './keep-safe.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().max(64)
const putAsk = z.strictObject({ name, expiresAt: z.number().int().positive().optional() })
const deleteAsk = z.strictObject({ name })

interface TokenDeps {
  readonly tokens: ApiTokens
  readonly index: Pick<Index, 'snapshot'>
  readonly log: Log
}

/** One's own tokens, for programs that use the API. */
export function tokenRoutes(router: Router, { tokens, index, log }: TokenDeps): void {
  const rowsOf = (user: string) => ({ items: tokens.listOf(user).map((token) => rowOf(token)) })

  router.get('/tokens', (ctx) => {
    ctx.body = rowsOf(userOf(ctx))
  })

  router.put('/tokens', async (ctx) => {
    const { name: wanted, expiresAt } = await bodyOf(ctx, putAsk)
    about(ctx, { action: 'token.add', target: wanted })
    const { token, secret } = await tokens.create({ user: userOf(ctx), name: wanted, expiresAt })
    keepSafe(index, log)
    ctx.body = { token: rowOf(token), secret }
  })

  router.delete('/tokens', async (ctx) => {
    const { name: unwanted } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'token.rm', target: unwanted })
    const user = userOf(ctx)
    await tokens.revoke(user, unwanted)
    keepSafe(index, log)
    ctx.body = rowsOf(user)
  })
}

/** Throws AppError `denied` for who has no name in the file of users. */
function userOf(ctx: Context): string {
  const { principal } = visitorOf(ctx).access
  if (principal.kind !== 'user')
    throw new AppError('denied', { message: 'only users have tokens: log in as one' })
  return principal.name
}

function rowOf({ name: own, user, createdAt, expiresAt, lastUsedAt }: ApiToken): TokenRow {
  return { name: own, user, createdAt, expiresAt, lastUsedAt }
}
