import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import type { Exchange, FrontEnd, RequestLine } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { createBook, type Keeper } from './book.ts'
import { createChecksums } from './checksums.ts'
import { renderGoError } from './errors.ts'
import { createModules } from './modules.ts'
import { type GoResource, parseGoPath } from './path.ts'
import type { GoSettings } from './settings.ts'
import { createSources } from './sources.ts'
import { createSumdb } from './sumdb.ts'
import { createVerify } from './verify.ts'

export interface GoFrontEnd extends FrontEnd<GoResource> {
  /** Takes other settings into use from the next request on. */
  update(settings: GoSettings): void
}

export interface GoDeps {
  readonly cache: Cache
  /** Where the hashes of versions are kept. */
  readonly keeper: Keeper
  readonly log: Log
}

/** On every answer: nothing here is a page. */
const ALWAYS: Headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

const READS = new Set(['GET', 'HEAD'])

/** A Go module proxy with its checksum databases (go.dev/ref/mod, "GOPROXY protocol"). */
export function createGoFrontEnd(deps: GoDeps, initial: GoSettings): GoFrontEnd {
  let serve = createServe(deps, initial)
  return {
    name: 'go',
    parse,
    needOf: () => 'pull',
    serve: (op, exchange) => serve(op, exchange),
    fail,
    update: (settings) => {
      serve = createServe(deps, settings)
    },
  }
}

function createServe({ cache, keeper, log }: GoDeps, settings: GoSettings): GoFrontEnd['serve'] {
  const sourceOf = createSources(settings)
  const checksums = createChecksums(cache, settings.databases, log)
  const verify = createVerify({ mode: settings.verify, book: createBook(keeper), checksums, log })
  const serveModule = createModules({ cache, sourceOf, verify, settings })
  const serveSumdb = createSumdb({ cache, sourceOf, checksums, settings })
  return async (op, exchange) => {
    if (!settings.enabled) throw new AppError('not_found', { message: 'Go modules are switched off here' })
    exchange.notes.upstream = 'go'
    exchange.notes.kind = 'file'
    if (op.kind === 'sumdb') await serveSumdb(op, exchange, { ...ALWAYS })
    else await serveModule(op, exchange, { ...ALWAYS })
  }
}

function parse({ method, path }: RequestLine): GoResource | undefined {
  if (READS.has(method)) return parseGoPath(path)
  if (path === '/go' || path.startsWith('/go/'))
    throw new AppError('unsupported', { message: 'a module proxy is only read' })
  return undefined
}

const fail: FrontEnd<GoResource>['fail'] = (
  error,
  exchange: Pick<Exchange, 'id' | 'line' | 'notes' | 'res'>,
) => {
  const { status, text } = renderGoError(error)
  const body = Buffer.from(text)
  const headers: Headers = {
    ...ALWAYS,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': body.length,
    'cache-control': 'no-store',
    'x-cache': exchange.notes.outcome ?? 'miss',
    'x-request-id': exchange.id,
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfter))
  if (error.code === 'unsupported') headers['allow'] = 'GET, HEAD'
  exchange.res.writeHead(status, headers)
  exchange.res.end(exchange.line.method === 'HEAD' ? undefined : body)
}
