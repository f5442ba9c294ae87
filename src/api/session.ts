import type { IncomingMessage } from 'node:http'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import type { Audit } from '../auth/audit.ts'
import { type Authenticator, type Known, userOf } from '../auth/authenticate.ts'
import { sessionCookie, sessionIn } from '../auth/session-cookie.ts'
import { LONGEST_SESSION, type Sessions } from '../auth/sessions.ts'
import type { Setup } from '../auth/setup.ts'
import { SECOND } from '../domain/clock.ts'
import { AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { Principal } from '../domain/principal.ts'
import { VERSION } from '../domain/version.ts'
import { bodyOf } from './answer.ts'
import type { Session } from './contract-session.ts'
import { visitorOf } from './visitor.ts'

/** What it takes to log somebody in over the network. */
export interface Reception {
  readonly authenticator: Pick<Authenticator, 'login' | 'find' | 'reread'>
  readonly sessions: Sessions
  readonly setup: Setup
  readonly audit: Pick<Audit, 'note'>
  readonly isSecure: (req: IncomingMessage) => boolean
  /** What clients put before a name. */
  readonly baseOf: (req: IncomingMessage) => string
  readonly mayPull: (address: string) => boolean
  /** Takes from a client what a wrong guess costs. Throws AppError `too_many_requests`. */
  readonly chargeGuess: (address: string) => void
}

// No login of ours holds NUL, and no longer ones are looked at (see auth/basic.ts).
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .regex(/^[^\0]*$/)
export const loginAsk = z.strictObject({ user: text(255), password: text(1024) })
export const setupAsk = z.strictObject({ token: text(100), user: text(255), password: text(1024) })

interface SessionDeps {
  readonly reception: Reception
  readonly log: Log
}

/** Who is logged in: for everybody, since nobody is before they log in. */
export function sessionRoutes(router: Router, { reception, log }: SessionDeps): void {
  const { authenticator, setup, audit, chargeGuess } = reception

  router.get('/session', async (ctx) => {
    await show(ctx, reception, visitorOf(ctx).access.principal)
  })

  router.post('/session', async (ctx) => {
    requireJson(ctx)
    const { user: name, password } = await bodyOf(ctx, loginAsk)
    const { address } = visitorOf(ctx)
    const credentials = { name, password: Buffer.from(password) }
    const known = await charged(chargeGuess, address, () => authenticator.login(credentials, address))
    await enter(ctx, reception, known)
    await show(ctx, reception, userOf(known))
  })

  router.delete('/session', async (ctx) => {
    await leave(ctx, reception)
    ctx.append('set-cookie', sessionCookie(undefined, reception.isSecure(ctx.req)))
    await show(ctx, reception, { kind: 'anonymous' })
  })

  router.post('/setup-admin', async (ctx) => {
    requireJson(ctx)
    const { token, user: name, password } = await bodyOf(ctx, setupAsk)
    const { address } = visitorOf(ctx)
    // A guess costs as much as that of a password.
    chargeGuess(address)
    try {
      await setup.create({ token, name, password })
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown'
      log.warn({ event: 'setup', client: address, why }, 'the first admin was not made')
      throw error
    }
    audit.note({ who: name, address, action: 'setup', target: name, outcome: 'ok' })
    authenticator.reread()
    const known = await authenticator.find(name)
    if (known === undefined) throw new Error('the user that was made is not there')
    await enter(ctx, reception, known)
    await show(ctx, reception, userOf(known))
  })
}

/** Opens a session in the place of the one there may have been, so that no old cookie becomes a better one. */
export async function enter(ctx: Context, reception: Reception, known: Known): Promise<void> {
  const { sessions, isSecure } = reception
  await leave(ctx, reception)
  const { address } = visitorOf(ctx)
  const secret = await sessions.open({ known, address, agent: ctx.get('user-agent') })
  ctx.append('set-cookie', sessionCookie(secret, isSecure(ctx.req), LONGEST_SESSION / SECOND))
}

/** Whether the request came with a session. */
export function hasSession({ req }: Context, { isSecure }: Reception): boolean {
  return req.headers.authorization === undefined && sessionIn(req.headers.cookie, isSecure(req)) !== undefined
}

async function leave({ req }: Context, { sessions, isSecure }: Reception): Promise<void> {
  const secret = sessionIn(req.headers.cookie, isSecure(req))
  if (secret !== undefined) await sessions.end(secret)
}

/** Forms of other sites cannot say that they send JSON: nobody is logged in as somebody else without knowing. */
function requireJson(ctx: Context): void {
  if (ctx.is('json') !== 'json')
    throw new AppError('bad_request', { message: 'send this as content-type application/json' })
}

/** Does what looks at a password; a wrong one costs its client what a guess costs. */
export async function charged<T>(charge: (address: string) => void, address: string, work: () => Promise<T>) {
  try {
    return await work()
  } catch (error) {
    if (toAppError(error).code === 'unauthorized') charge(address)
    throw error
  }
}

/** Answers with who is logged in. */
export async function show(ctx: Context, reception: Reception, principal: Principal): Promise<void> {
  const { setup, mayPull, baseOf } = reception
  const isUser = principal.kind === 'user'
  const session: Session = {
    user: isUser ? { name: principal.name, role: principal.role } : undefined,
    canSetUp: (await setup.token()) !== undefined,
    mayPull: mayPull(visitorOf(ctx).address),
    version: VERSION,
    base: baseOf(ctx.req),
  }
  ctx.body = session
}
