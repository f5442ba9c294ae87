import type { IncomingMessage, RequestListener } from 'node:http'
import { Router } from '@koa/router'
import Koa, { type Context } from 'koa'
import { AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { principalName } from '../domain/principal.ts'
import { rememberWelcome } from './again.ts'
import { errorBody } from './answer.ts'
import { auditRoutes } from './audit.ts'
import { checkRoutes } from './check.ts'
import { configRoutes } from './config.ts'
import { convertRoutes } from './convert.ts'
import type { ApiDeps } from './deps.ts'
import { evictRoutes } from './evict.ts'
import { exportRoutes } from './export.ts'
import { fileRoutes } from './files.ts'
import { gcRoutes } from './gc.ts'
import { hubRoutes } from './hub.ts'
import { imageRoutes } from './images.ts'
import { importRoutes } from './import.ts'
import { createKeepSafe } from './keep-safe.ts'
import { keyRoutes } from './keys.ts'
import { lookupRoutes } from './lookup.ts'
import { manifestRoutes } from './manifest.ts'
import { openApiRoutes } from './openapi/openapi.ts'
import { passwordRoutes } from './password.ts'
import { pinRoutes } from './pins.ts'
import { prefetchRoutes } from './prefetch.ts'
import { removeRoutes } from './remove.ts'
import { refuseForeignSites, requireRole, requireSomebody } from './roles.ts'
import { sessionRoutes } from './session.ts'
import { setupRoutes } from './setup.ts'
import { setupWatchRoutes } from './setup-watch.ts'
import { statsRoutes } from './stats.ts'
import { tagRoutes } from './tags.ts'
import { tokenRoutes } from './tokens.ts'
import { treeRoutes } from './tree.ts'
import { usageRoutes } from './usage.ts'
import { userRoutes } from './users.ts'
import { deedOf, remember, visitorOf, type Welcome } from './visitor.ts'
import { workRoutes } from './work.ts'

const PREFIX = '/api/v1'

/** The management API below /api/v1: what the command line and the console ask. Says every error in one shape. */
export function createApi(deps: ApiDeps): Router {
  const router = new Router({ prefix: PREFIX })
  router.use(async (ctx, next) => {
    ctx.set('cache-control', 'no-store')
    ctx.set('x-content-type-options', 'nosniff')
    try {
      requireRole(visitorOf(ctx), ctx.method, ctx.path.slice(PREFIX.length))
      await next()
      writeDown(deps, ctx, 'ok')
    } catch (error) {
      const known = toAppError(error)
      writeDown(deps, ctx, known.facts.status < 500 ? 'refused' : 'failed')
      if (known.code === 'internal')
        deps.log.error({ event: 'api', path: ctx.path, err: error }, 'API failed')
      if (ctx.respond === false) return
      refuse(ctx, known)
    }
  })
  statsRoutes(router, deps)
  imageRoutes(router, deps)
  lookupRoutes(router, deps)
  fileRoutes(router, deps)
  pinRoutes(router, deps)
  removeRoutes(router, deps)
  evictRoutes(router, deps)
  checkRoutes(router, deps)
  treeRoutes(router, deps)
  tagRoutes(router, deps)
  usageRoutes(router, deps)
  manifestRoutes(router, deps)
  gcRoutes(router, deps)
  workRoutes(router, deps)
  hubRoutes(router, deps)
  exportRoutes(router, deps)
  importRoutes(router, deps)
  prefetchRoutes(router, deps)
  setupRoutes(router, deps)
  setupWatchRoutes(router, deps)
  convertRoutes(router, deps)
  configRoutes(router, deps)
  openApiRoutes(router)
  const keepSafe = createKeepSafe(deps)
  keyRoutes(router, { ...deps, keepSafe })
  auditRoutes(router, deps)
  sessionRoutes(router, deps)
  userRoutes(router, { ...deps, keepSafe })
  tokenRoutes(router, { ...deps, keepSafe })
  passwordRoutes(router, { ...deps, keepSafe })
  deps.watching.routes(router)
  return router
}

/** Who changed what, or tried to. */
function writeDown({ audit }: ApiDeps, ctx: Context, outcome: string): void {
  const { address, access } = visitorOf(ctx)
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
  const isTold = !isRead && outcome === 'refused' && access.principal.kind !== 'anonymous'
  const deed = deedOf(ctx) ?? (isTold ? { action: 'api', target: `${ctx.method} ${ctx.path}` } : undefined)
  if (deed === undefined) return
  audit.note({ who: principalName(access.principal), address, ...deed, outcome })
}

export interface ApiDoor {
  readonly welcome: Welcome
  /** What whoever has to log in is told about that (RFC 9110 §11.6.1). */
  readonly challenge: (req: IncomingMessage) => string
}

/** The API alone, as a handler of requests of whoever is welcome. */
export function createApiHandler(api: Router, { welcome, challenge }: ApiDoor, log: Log): RequestListener {
  const koa = new Koa()
  koa.silent = true
  koa.on('error', (error) => log.error({ event: 'api', err: error }, 'API failed'))
  koa.use(async (ctx, next) => {
    try {
      refuseForeignSites(ctx.req)
      const visitor = await welcome(ctx.req)
      requireSomebody(visitor, ctx.method, ctx.path.slice(PREFIX.length))
      remember(ctx.req, visitor)
      rememberWelcome(ctx.req, welcome)
      await next()
      refuseUnknown(ctx)
    } catch (error) {
      refuse(ctx, toAppError(error))
    }
    if (ctx.status === 401) ctx.set('www-authenticate', challenge(ctx.req))
  })
  koa.use(api.routes()).use(api.allowedMethods())
  const handle = koa.callback()
  return (req, res) => void handle(req, res)
}

/** What no route has answered. */
function refuseUnknown(ctx: Context): void {
  if (ctx.respond === false || ctx.body != null) return
  if (ctx.status === 404) refuse(ctx, new AppError('not_found', { message: 'there is no such route' }))
  if (ctx.status === 405 || ctx.status === 501)
    refuse(ctx, new AppError('unsupported', { message: 'this route takes other methods' }))
}

function refuse(ctx: Context, error: AppError): void {
  ctx.status = error.facts.status
  ctx.set('cache-control', 'no-store')
  if (error.retryAfter !== undefined) ctx.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfter))))
  ctx.body = { error: errorBody(error) }
}
