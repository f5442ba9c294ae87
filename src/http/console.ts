import type { Context, Middleware } from 'koa'
import type { Clock } from '../domain/clock.ts'
import { toAppError } from '../domain/errors.ts'
import { formFor } from './console-coding.ts'
import { type ConsoleFile, type ConsoleFiles, followConsole } from './console-files.ts'
import type { Approach } from './console-host.ts'

const BASE = '/ui/'

/** Scripts and pictures of our own, and nothing else: what an image calls itself can never become more than text. */
function policyOf(styles: readonly string[]): string {
  const ownStyles = ["'self'", ...styles].join(' ')
  return (
    `default-src 'none'; script-src 'self'; style-src ${ownStyles}; img-src 'self' data:; connect-src 'self'; ` +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
  )
}

const HEADERS = {
  'content-security-policy': policyOf([]),
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'cross-origin-resource-policy': 'same-origin',
}

const NOT_BUILT =
  'Cachalot, a pull-through cache. The registry is under /v2/.\nThe console is not built: npm run build\n'

export interface ConsoleOptions {
  /** Where the built files are, ui/dist; it need not be there. */
  readonly folder: string
  readonly requireOwnHost: Approach['requireOwnHost']
  readonly clock: Clock
}

/**
 * The console below /ui/, and the home page, which is a page of it. Paths that are no file are pages of the app. Where
 * it was not built, what comes after it answers, such as the page of the set-up link.
 */
export function serveConsole({ folder, requireOwnHost, clock }: ConsoleOptions): Middleware {
  const current = followConsole(folder, clock)
  void current()
  return async (ctx, next) => {
    const path = pathOf(ctx)
    const isHome = path === '/'
    if (!isHome && path !== '/ui' && !path.startsWith(BASE)) return await next()
    const refusal = refusalOf(() => requireOwnHost(ctx.req))
    // The registry's front page is for everybody, as text.
    if (refusal !== undefined && !isHome) return say(ctx, 403, refusal)
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    const files = isRead && refusal === undefined ? await current() : undefined
    if (files !== undefined) return serve(ctx, files, path)
    await next()
    // Koa's own answer to what nobody answered.
    if (isHome || ctx.status !== 404 || ctx.body != null) return undefined
    if (isRead) return say(ctx, 404, NOT_BUILT)
    ctx.set('allow', 'GET, HEAD')
    return say(ctx, 405, 'the console is only read\n')
  }
}

/** As it was asked for: nothing is decoded or put together, so no spelling leads anywhere. */
function pathOf({ req }: Context): string {
  return req.url?.split('?')[0] ?? '/'
}

function refusalOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return `${toAppError(error).message}\n`
  }
}

/** A page with a document of its own: without scripts it leads elsewhere. */
const DOCUMENTS: Readonly<Record<string, string>> = { '/ui/setup': 'setup.html' }

function serve(ctx: Context, files: ConsoleFiles, path: string): void {
  ctx.set(HEADERS)
  if (path === '/ui') return ctx.redirect(BASE)
  const name = path === '/' ? 'index.html' : path.slice(BASE.length)
  const file = files.get(DOCUMENTS[path] ?? name) ?? (isPage(ctx, name) ? files.get('index.html') : undefined)
  if (file === undefined) return say(ctx, 404, 'there is no such file in the console\n')
  send(ctx, file)
}

/** What somebody who guesses at files would send, and no page of ours has. */
const ODD = /\\|%5c|%00|(?:^|\/|%2f)(?:\.|%2e){1,2}(?:\/|%2f|$)/i

/**
 * Whether the app knows what to show there. Names of images hold dots, as files do; but only who goes to a page asks
 * for HTML, whereas a script of another build that is gone must not turn out to be a page.
 */
function isPage(ctx: Context, name: string): boolean {
  if (ODD.test(name) || name.startsWith('assets/')) return false
  return !name.includes('.') || ctx.get('accept').includes('text/html')
}

function send(ctx: Context, file: ConsoleFile): void {
  const form = formFor(file, ctx.get('accept-encoding'))
  ctx.status = 200
  if (file.styles.length > 0) ctx.set('content-security-policy', policyOf(file.styles))
  ctx.type = file.type
  ctx.set('cache-control', file.isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  ctx.set('etag', form.etag)
  if (file.forms.length > 1) ctx.vary('accept-encoding')
  if (form.coding !== 'identity') ctx.set('content-encoding', form.coding)
  if (ctx.fresh) {
    ctx.status = 304
    return
  }
  ctx.body = form.body
}

function say(ctx: Context, status: number, text: string): void {
  ctx.status = status
  ctx.set({ ...HEADERS, 'cache-control': 'no-store' })
  ctx.type = 'text/plain; charset=utf-8'
  ctx.body = text
}
