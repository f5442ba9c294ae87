import type { IncomingMessage } from 'node:http'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Setup } from '../auth/setup.ts'
import { type AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { Door } from './gate.ts'
import { SETUP_POLICY, setupForm, setupNotice } from './setup-page.ts'
import { setupWords } from './setup-words.ts'

/** Where the set-up link leads. */
export const SETUP_PATH = '/ui/setup-admin'
const LONGEST_FORM = 4096

interface SetupDeps {
  readonly door: Door
  readonly setup: Setup
  readonly log: Log
}

/** The page behind the link that the first start prints, where the first admin is made. */
export function setupRoutes(router: Router, { door, setup, log }: SetupDeps): void {
  router.get(SETUP_PATH, async (ctx) => {
    const { token } = ctx.query
    const wanted = await setup.token()
    // Whether the token is right is only told to whoever sends the form.
    const isOpen = wanted !== undefined && typeof token === 'string'
    if (isOpen) show(ctx, setupForm(wordsFor(ctx), { token, name: '', problem: undefined }), 200)
    else show(ctx, setupNotice(wordsFor(ctx), 'gone'), 410)
  })

  router.post(SETUP_PATH, async (ctx) => {
    const address = door.clientAddress(ctx.req)
    const form = new URLSearchParams(await textOf(ctx.req))
    const [token = '', name = '', password = ''] = ['token', 'name', 'password'].map(
      (key) => form.get(key) ?? '',
    )
    try {
      const charge = door.limits.enter(address)
      // A guess costs as much as that of a password.
      charge.settle('failedLogin')
      await setup.create({ token, name, password })
      door.audit.note({ who: name, address, action: 'setup', target: name, outcome: 'ok' })
      show(ctx, setupNotice(wordsFor(ctx), 'done'), 200)
    } catch (error) {
      const known = toAppError(error)
      const why = known.cause instanceof Error ? known.cause.message : known.message
      log.warn({ event: 'setup', client: address, why }, 'the first admin was not made')
      if (known.retryAfter !== undefined) ctx.set('retry-after', String(Math.ceil(known.retryAfter)))
      show(ctx, pageOf(ctx, known, { token, name }), known.facts.status)
    }
  })
}

function pageOf(ctx: Context, error: AppError, given: { token: string; name: string }): string {
  const words = wordsFor(ctx)
  if (error.code === 'denied') return setupNotice(words, 'gone')
  const problem = error.code === 'bad_request' ? error.message : words.failed
  return setupForm(words, { ...given, problem })
}

function wordsFor(ctx: Context) {
  return setupWords(ctx.get('accept-language'))
}

function show(ctx: Context, html: string, status: number): void {
  ctx.status = status
  ctx.set({
    'cache-control': 'no-store',
    'content-security-policy': SETUP_POLICY,
    'referrer-policy': 'no-referrer',
  })
  ctx.type = 'text/html; charset=utf-8'
  ctx.body = html
}

/** What is longer than any form of ours is not read any further. */
async function textOf(req: IncomingMessage): Promise<string> {
  let text = ''
  // A request without an encoding gives buffers.
  for await (const chunk of req as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1')
    if (text.length > LONGEST_FORM) return ''
  }
  return text
}
