import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { Log } from '../../domain/log.ts'
import { ALWAYS, createFrontEnd, type Refusal, refusalHeaders, type SettledFrontEnd } from '../frame.ts'
import type { RequestLine } from '../front-end.ts'
import type { Keeper } from '../keeper.ts'
import { createBook } from './book.ts'
import { createChecksums } from './checksums.ts'
import { renderGoError } from './errors.ts'
import { createModules } from './modules.ts'
import { type GoResource, parseGoPath } from './path.ts'
import type { GoSettings } from './settings.ts'
import { createSources } from './sources.ts'
import { createSumdb } from './sumdb.ts'
import { createVerify } from './verify.ts'

export type GoFrontEnd = SettledFrontEnd<GoResource, GoSettings>

export interface GoDeps {
  readonly cache: Cache
  /** Where the hashes of versions are kept. */
  readonly keeper: Keeper
  readonly log: Log
}

const READS = new Set(['GET', 'HEAD'])

/** A Go module proxy with its checksum databases (go.dev/ref/mod, "GOPROXY protocol"). */
export function createGoFrontEnd(deps: GoDeps, initial: GoSettings): GoFrontEnd {
  const protocol = { name: 'go', parse, methods: 'GET, HEAD', refusalOf } as const
  return createFrontEnd(protocol, (settings: GoSettings) => createServe(deps, settings), initial)
}

function createServe({ cache, keeper, log }: GoDeps, settings: GoSettings): GoFrontEnd['serve'] {
  const sourceOf = createSources(settings)
  const checksums = createChecksums(cache, settings.databases, log)
  const book = createBook(keeper)
  const verify = createVerify({ mode: settings.verify, book, checksums, log })
  const serveModule = createModules({ cache, sourceOf, verify, book, settings })
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

function refusalOf(error: AppError): Refusal {
  const { status, text } = renderGoError(error)
  return { status, headers: refusalHeaders('text/plain; charset=utf-8'), body: Buffer.from(text) }
}
