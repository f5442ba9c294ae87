import type { IncomingMessage } from 'node:http'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { isKey } from '../auth/key-text.ts'
import type { UpstreamConfig } from '../config/config.ts'
import { CHECK_NONCE } from '../domain/client-check.ts'
import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { type Address, parseBase } from '../setup/address.ts'
import { isRegistry, planOf } from '../setup/plan.ts'
import { renderSetup } from '../setup/render.ts'
import { SETUP_KINDS } from '../setup/setup.ts'
import { bodyOf } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import type { Reception } from './session.ts'
import { visitorOf } from './visitor.ts'

export const renderAsk = z.strictObject({
  kind: z.enum(SETUP_KINDS),
  base: z.string().max(300).optional(),
  registries: z.array(z.string().max(255)).min(1).max(100).optional(),
  key: z.string().max(64).optional(),
  ca: z.string().max(1024).optional(),
  strict: z.boolean().optional(),
  language: z.enum(['en', 'zh']).optional(),
  nonce: z.string().regex(CHECK_NONCE).optional(),
})

export interface SetupDeps extends Pick<ApiDeps, 'config'> {
  readonly reception: Pick<Reception, 'baseOf' | 'mayPull'>
}

/** How to point clients at this cache. Nothing is looked up for it: the answer is made of the question. */
export function setupRoutes(router: Router, deps: SetupDeps): void {
  router.post('/setup/render', async (ctx) => {
    requirePuller(ctx, deps)
    const { base, registries, key, ...ask } = await bodyOf(ctx, renderAsk)
    if (key !== undefined && !isKey(key)) throw new AppError('bad_request', because('setup_key'))
    const address = base === undefined ? cameBy(ctx.req, deps) : parseBase(base)
    const { upstreams } = deps.config()
    ctx.body = renderSetup(planOf({ ...ask, key, address, registries: registriesIn(upstreams, registries) }))
  })
}

/** Which upstreams there are is for those who may pull from them. Throws AppError `unauthorized`. */
export function requirePuller(ctx: Context, { reception }: SetupDeps): void {
  const { access, address } = visitorOf(ctx)
  if (access.principal.kind === 'anonymous' && !reception.mayPull(address)) throw new AppError('unauthorized')
}

/**
 * The address clients reach us by: the configured one, else the one this request came by. Throws AppError
 * `bad_request` where a request came by something that is no address of anybody.
 */
export function cameBy(req: IncomingMessage, { reception }: SetupDeps): Address {
  return parseBase(reception.baseOf(req))
}

/** The upstreams that are meant, by their names; all by default that can stand in front of a name. */
export function registriesIn(
  upstreams: readonly Pick<UpstreamConfig, 'name' | 'aliases'>[],
  asked: readonly string[] | undefined,
): readonly string[] {
  if (asked === undefined) return upstreams.map(({ name }) => name).filter(isRegistry)
  return asked.map((text) => {
    const wanted = text.trim().toLowerCase()
    const found = upstreams.find(({ name, aliases }) => name === wanted || aliases.includes(wanted))
    if (found === undefined) throw new AppError('bad_request', because('setup_unknown'))
    return found.name
  })
}
