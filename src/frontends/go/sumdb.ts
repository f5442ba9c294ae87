import { unkept } from '../../cache/want.ts'
import { AppError, isUpstreamTrouble } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { answer, type Serve, type ServingDeps } from './answer.ts'
import type { Checksums } from './checksums.ts'
import type { GoResource } from './path.ts'

type SumdbResource = Extract<GoResource, { kind: 'sumdb' }>

export interface SumdbDeps extends ServingDeps {
  readonly checksums: Checksums
}

/** Serves the configured checksum databases (go.dev/ref/mod, "Checksum database"); others are nobody's business. */
export function createSumdb({ cache, sourceOf, checksums, settings }: SumdbDeps): Serve<SumdbResource> {
  const requirePublic = (module: string): void => {
    const { privateBy } = sourceOf(module)
    if (privateBy === undefined) return
    const message = `${module} is private here, so no checksum database is asked about it: set GONOSUMDB=${privateBy}`
    throw new AppError('denied', { message })
  }

  /** Clients that heard a yes go nowhere else any more, so where they may, they hear it only while it can be kept. */
  const requireReachable = async (database: string): Promise<void> => {
    const want = checksums.want(database, { kind: 'latest' })
    if (settings.whenUnreachable !== 'direct' || want === undefined) return
    const isHere = await cache.read(want).then(({ outcome }) => outcome !== 'stale', unlessTrouble)
    if (!isHere) throw new AppError('not_found', { message: `${database} cannot be asked now` })
  }

  return async ({ database, ask }, exchange, headers) => {
    const target = { name: ask.kind === 'lookup' ? `go:${ask.module}` : `go:sumdb/${database}` }
    exchange.notes.name = `go:sumdb/${database}/${nameOf(ask)}`
    exchange.notes.target = target.name
    exchange.access.requirePull(target)
    if (!checksums.has(database))
      throw new AppError('not_found', { message: `${database} is not passed on here` })
    if (ask.kind === 'supported') {
      await requireReachable(database)
      return sendSupported(exchange, headers)
    }
    if (ask.kind === 'lookup') requirePublic(ask.module)
    const want = checksums.want(database, ask)
    if (want === undefined) throw new AppError('not_found')
    const kept = exchange.access.mayStore(target) ? want : unkept(want)
    const type = ask.kind === 'tile' ? 'application/octet-stream' : 'text/plain; charset=utf-8'
    await answer(exchange, {
      cache,
      want: kept,
      headers: { ...headers, 'content-type': type },
      isLarge: false,
    })
  }
}

function unlessTrouble(error: unknown): false {
  if (isUpstreamTrouble(error)) return false
  throw error
}

function nameOf(ask: SumdbResource['ask']): string {
  if (ask.kind === 'tile') return ask.path
  return ask.kind === 'lookup' ? `lookup/${ask.module}@${ask.version}` : ask.kind
}

function sendSupported(exchange: Exchange, headers: Headers): void {
  exchange.notes.outcome = 'hit'
  exchange.res.writeHead(200, {
    ...headers,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': 0,
    'x-cache': 'hit',
    'x-request-id': exchange.id,
  })
  exchange.res.end()
}
