import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { ApiTokens } from '../auth/api-tokens.ts'
import type { ApiToken } from '../db/tokens.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { bodyOf, queryOf } from './answer.ts'
import type { TokenRow } from './contract-session.ts'
import type { KeepSafe } from './keep-safe.ts'
import type { Reception } from './session.ts'
import { about, visitorOf } from './visitor.ts'

const name = z.string().max(64)
const user = z.string().max(255).optional()
export const listAsk = z.strictObject({ user })
export const putAsk = z.strictObject({ name, user, expiresAt: z.number().int().positive().optional() })
export const deleteAsk = z.strictObject({ name, user })

interface TokenDeps {
  readonly tokens: ApiTokens
  readonly reception: { readonly authenticator: Pick<Reception['authenticator'], 'reread'> }
  readonly keepSafe: KeepSafe
}

/** One's own tokens, for programs that use the API; who owns this machine has those of everybody. */
export function tokenRoutes(router: Router, { tokens, reception, keepSafe }: TokenDeps): void {
  const rowsOf = async (ctx: Context, asked: string | undefined) => {
    const list = await tokens.list(isOwner(ctx) ? asked : userOf(ctx, asked))
    return { items: list.map((token) => rowOf(token)) }
  }

  router.get('/tokens', async (ctx) => {
    ctx.body = await rowsOf(ctx, queryOf(ctx, listAsk).user)
  })

  router.put('/tokens', async (ctx) => {
    const { name: wanted, user: asked, expiresAt } = await bodyOf(ctx, putAsk)
    about(ctx, { action: 'token.add', target: targetOf(ctx, wanted, asked) })
    // `cachalot user add` may have made that user just before.
    if (isOwner(ctx)) reception.authenticator.reread()
    const { token, secret } = await tokens.create({ user: userOf(ctx, asked), name: wanted, expiresAt })
    ctx.body = { token: rowOf(token), secret }
  })

  router.delete('/tokens', async (ctx) => {
    const { name: unwanted, user: asked } = await bodyOf(ctx, deleteAsk)
    about(ctx, { action: 'token.rm', target: targetOf(ctx, unwanted, asked) })
    await tokens.revoke(userOf(ctx, asked), unwanted)
    keepSafe()
    ctx.body = await rowsOf(ctx, asked)
  })
}

function isOwner(ctx: Context): boolean {
  return visitorOf(ctx).access.principal.kind === 'local'
}

/** Throws AppError `denied` for who has no name in the file of users, and for tokens of somebody else. */
function userOf(ctx: Context, asked: string | undefined): string {
  const { principal } = visitorOf(ctx).access
  if (principal.kind === 'local') {
    if (asked === undefined) throw new AppError('bad_request', { message: 'user: whose token it is' })
    return asked
  }
  if (principal.kind !== 'user') throw new AppError('denied', because('token_user'))
  if (asked !== undefined && asked !== principal.name) throw new AppError('denied', because('token_foreign'))
  return principal.name
}

function targetOf(ctx: Context, name: string, asked: string | undefined): string {
  return isOwner(ctx) ? `${asked ?? ''} ${name}`.trim() : name
}

function rowOf({ name: own, user: owner, createdAt, expiresAt, lastUsedAt }: ApiToken): TokenRow {
  return { name: own, user: owner, createdAt, expiresAt, lastUsedAt }
}
