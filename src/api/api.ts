import type { RequestListener } from 'node:http'
import { Router } from '@koa/router'
import Koa from 'koa'
import { toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { errorBody } from './answer.ts'
import type { ApiDeps } from './deps.ts'
import { imageRoutes } from './images.ts'
import { pinRoutes } from './pins.ts'
import { removeRoutes } from './remove.ts'
import { statsRoutes } from './stats.ts'
import { workRoutes } from './work.ts'

/** The management API below /api/v1: what the command line and the console ask. Says every error in one shape. */
export function createApi(deps: ApiDeps): Router {
  const router = new Router({ prefix: '/api/v1' })
  router.use(async (ctx, next) => {
    ctx.set('cache-control', 'no-store')
    try {
      await next()
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'internal')
        deps.log.error({ event: 'api', path: ctx.path, err: error }, 'API failed')
      if (ctx.respond === false) return
      ctx.status = known.facts.status
      ctx.body = { error: errorBody(known) }
    }
  })
  statsRoutes(router, deps)
  imageRoutes(router, deps)
  pinRoutes(router, deps)
  removeRoutes(router, deps)
  workRoutes(router, deps)
  return router
}

/** The API alone, as a handler of requests; for the socket that only this machine's operator can reach. */
export function createApiHandler(api: Router, log: Log): RequestListener {
  const koa = new Koa()
  koa.silent = true
  koa.on('error', (error) => log.error({ event: 'api', err: error }, 'API failed'))
  koa.use(api.routes()).use(api.allowedMethods())
  const handle = koa.callback()
  return (req, res) => void handle(req, res)
}
