import type { Context } from 'koa'
import type { z } from 'zod'
import { AppError, type ErrorCode, toAppError } from '../domain/errors.ts'
import type { Params } from '../domain/saying.ts'
import { withoutControls } from '../domain/text.ts'
import type { Watch } from '../jobs/watch.ts'
import type { ApiError } from './contract.ts'

const LONGEST_BODY = 1024 * 1024

/** Bytes that take 20,000 names, however long most of them are. */
export const LONGEST_LIST = 8 * LONGEST_BODY

/** The body of a request as `schema` describes it. Throws AppError `bad_request` that says what is wrong with it. */
export async function bodyOf<T>(ctx: Context, schema: z.ZodType<T>, longest = LONGEST_BODY): Promise<T> {
  const chunks: Buffer[] = []
  let size = 0
  // A request without an encoding gives buffers.
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= longest) chunks.push(chunk)
    // A little more is read to its end, so that the client hears what is wrong.
    else if (size > longest + 7 * LONGEST_BODY) break
  }
  if (size > longest) {
    const most = longest / LONGEST_BODY
    throw new AppError('bad_request', { message: `the body is longer than ${most} MiB` })
  }
  return parse(schema, parseJson(Buffer.concat(chunks).toString('utf8')))
}

/** The query of a request as `schema` describes it. Throws AppError `bad_request`. */
export function queryOf<T>(ctx: Context, schema: z.ZodType<T>): T {
  return parse(schema, { ...ctx.query })
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new AppError('bad_request', { message: problems.join('; ') })
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new AppError('bad_request', { message: 'the body is no JSON' })
  }
}

/** The catalogue speaks to who pulls; here it is about what was asked of the API. */
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  unauthorized: 'log in',
  not_found: 'look again: it may be gone by now',
  unsupported: 'GET /api/v1/openapi.json tells of every route',
  manifest_unknown: 'check the name, its tag or digest',
}

/** An error as people read it, in English and in parts for other languages; no word of it reaches for a terminal. */
export function errorBody({ code, message, detail, facts, why, hint }: AppError): ApiError {
  const text = detail.said === undefined ? message : `${message}: ${detail.said}`
  const own = why === undefined && message !== facts.message ? text : detail.said
  return {
    code,
    message: withoutControls(text),
    hint: hint ?? HINTS[code] ?? facts.hint,
    ...(why === undefined ? {} : { reason: why.id, params: withoutControlsIn(why.params) }),
    ...(own === undefined ? {} : { said: withoutControls(own) }),
  }
}

function withoutControlsIn(params: Params): Params {
  const clean = Object.entries(params).map(([name, value]) => [
    name,
    typeof value === 'string' ? withoutControls(value) : value,
  ])
  return Object.fromEntries(clean)
}

/** Milliseconds between two lines of progress. */
const PACE = 100

/**
 * Long work as lines of JSON: progress at most ten times a second, then its result or an error. A client that
 * leaves ends the work after the object it is at, or only stops listening where the work `staysOn`.
 */
export async function stream<T>(
  ctx: Context,
  work: (watch: Watch) => Promise<T>,
  { staysOn = false }: { readonly staysOn?: boolean } = {},
): Promise<void> {
  const leaving = new AbortController()
  const leave = (): void => leaving.abort(new AppError('shutting_down', { message: 'interrupted' }))
  if (!staysOn) ctx.res.on('close', leave)
  ctx.respond = false
  const { res } = ctx
  const start = (): void => {
    if (!res.headersSent)
      res.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  }
  const say = (line: object): void => {
    start()
    if (!res.destroyed) res.write(`${JSON.stringify(line)}\n`)
  }
  let saidAt = Number.NEGATIVE_INFINITY
  const progress: Watch['progress'] = (step) => {
    const now = performance.now()
    if (now - saidAt < PACE) return
    saidAt = now
    say({ type: 'progress', ...step })
  }
  try {
    say({ type: 'result', result: await work({ signal: leaving.signal, progress }) })
  } catch (error) {
    const known = toAppError(error)
    // Nothing was said yet: then the status can still tell.
    if (!res.headersSent && !res.destroyed)
      res.writeHead(known.facts.status, { 'content-type': 'application/json' })
    if (!res.destroyed) res.write(`${JSON.stringify({ type: 'error', error: errorBody(known) })}\n`)
    if (known.code === 'internal') throw error
  } finally {
    res.end()
  }
}
