import type { IncomingMessage, ServerResponse } from 'node:http'
import { Router } from '@koa/router'
import Koa, { type Context } from 'koa'
import { challengeOf } from '../auth/basic.ts'
import type { Setup } from '../auth/setup.ts'
import type { Clock } from '../domain/clock.ts'
import { type AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import { serveConsole } from './console.ts'
import type { Approach } from './console-host.ts'
import type { Door } from './gate.ts'
import type { MetricsPage } from './metrics-page.ts'
import { setupRoutes } from './setup-routes.ts'

export interface ServiceDeps {
  /** Throws when the store cannot be written or the index not be read; the message is shown. */
  readonly probe: () => Promise<void>
  readonly isStopping: () => boolean
  readonly door: Door
  readonly setup: Setup
  /** The page of set-up for browsers without scripts. Rejects with AppError. */
  readonly plainSetup: (req: IncomingMessage) => Promise<{ readonly html: string; readonly policy: string }>
  /** For Prometheus. Rejects with AppError. */
  readonly metrics: (req: IncomingMessage) => Promise<MetricsPage>
  /** Where the built console is. */
  readonly consoleFolder: string
  readonly clock: Clock
  readonly log: Log
}

/** What is no protocol: health for machines, and pages for people. */
export function createService(deps: ServiceDeps): (req: IncomingMessage, res: ServerResponse) => void {
  const koa = new Koa()
  koa.silent = true
  koa.use((ctx, next) => {
    ctx.set('x-content-type-options', 'nosniff')
    return HEALTH.has(ctx.path) ? next() : limited(deps.door, ctx, next)
  })
  const { consoleFolder: folder, clock } = deps
  const requireOwnHost: Approach['requireOwnHost'] = (req) => deps.door.approach.requireOwnHost(req)
  koa.use(serveConsole({ folder, requireOwnHost, clock }))
  const probe = createProbe(deps)
  const router = new Router()
  router.get('/healthz', (ctx) => {
    ctx.set('cache-control', 'no-store')
    ctx.body = { status: 'ok' }
  })
  router.get('/readyz', async (ctx) => {
    ctx.set('cache-control', 'no-store')
    const problem = deps.isStopping() ? 'stopping' : await probe()
    ctx.status = problem === undefined ? 200 : 503
    ctx.body = problem === undefined ? { status: 'ready' } : { status: 'not ready', problem }
  })
  router.get('/', (ctx) => {
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = FRONT_PAGE
  })
  router.all('/metrics', (ctx) => showMetrics(deps, ctx))
  router.get('/setup', (ctx) => showSetup(deps, ctx))
  setupRoutes(router, deps)
  koa.use(router.routes()).use(router.allowedMethods())
  const handle = koa.callback()
  return (req, res) => void handle(req, res)
}

async function showSetup({ plainSetup, door }: ServiceDeps, ctx: Context): Promise<void> {
  // Upstreams and languages differ by who asks.
  ctx.set({ 'cache-control': 'no-store', 'referrer-policy': 'same-origin' })
  try {
    const { html, policy } = await plainSetup(ctx.req)
    ctx.set('content-security-policy', policy)
    ctx.type = 'text/html; charset=utf-8'
    ctx.body = html
  } catch (error) {
    refuseOrAsk(door, ctx, error)
  }
}

async function showMetrics({ metrics, door }: ServiceDeps, ctx: Context): Promise<void> {
  ctx.set('cache-control', 'no-store')
  if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
    ctx.set('allow', 'GET, HEAD')
    ctx.status = 405
    return
  }
  try {
    const { type, text } = await metrics(ctx.req)
    ctx.set('content-type', type)
    ctx.body = text
  } catch (error) {
    refuseOrAsk(door, ctx, error)
  }
}

/** Where a login helps, it is asked for. */
function refuseOrAsk(door: Door, ctx: Context, error: unknown): void {
  const known = toAppError(error)
  refuse(ctx, known)
  if (known.facts.status === 401) ctx.set('www-authenticate', challengeOf('Basic', door.realm()))
}

/** Where the console is not built, or not offered by that name. */
const FRONT_PAGE = 'Cachalot, a pull-through cache. The registry is under /v2/, the console under /ui/.\n'

/** Monitors ask often, and from networks of their own. */
const HEALTH = new Set(['/healthz', '/readyz'])

async function limited(door: Door, ctx: Context, next: () => Promise<unknown>): Promise<void> {
  try {
    door.limits.enter(door.clientAddress(ctx.req)).settle('cheap')
  } catch (error) {
    return refuse(ctx, toAppError(error))
  }
  await next()
}

function refuse(ctx: Context, { facts, message, retryAfter }: AppError): void {
  ctx.status = facts.status
  if (retryAfter !== undefined) ctx.set('retry-after', String(Math.max(1, Math.ceil(retryAfter))))
  ctx.type = 'text/plain; charset=utf-8'
  ctx.body = `${message}\n`
}

/** How long an answer holds: asking costs the disk something. */
const PROBE_EVERY = 1000

/** What is wrong, in words that tell strangers nothing of this machine; the log has the rest. */
function createProbe({ probe, log }: Pick<ServiceDeps, 'probe' | 'log'>): () => Promise<string | undefined> {
  let askedAt = Number.NEGATIVE_INFINITY
  let answer: Promise<string | undefined> = Promise.resolve(undefined)
  const ask = async (): Promise<string | undefined> => {
    try {
      await probe()
      return undefined
    } catch (error) {
      log.warn({ event: 'readyz', err: error }, 'not ready')
      return 'the data folder cannot be used: see the log'
    }
  }
  return () => {
    const now = performance.now()
    if (now - askedAt > PROBE_EVERY) {
      askedAt = now
      answer = ask()
    }
    return answer
  }
}
