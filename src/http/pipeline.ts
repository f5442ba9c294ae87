import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError, toAppError } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { Exchange, FrontEnd, RequestLine } from '../frontends/front-end.ts'
import type { ClientAddress } from './client-address.ts'
import { createRequestId } from './request-id.ts'
import { logRequest } from './request-log.ts'

export interface PipelineDeps {
  readonly frontEnds: readonly FrontEnd<unknown>[]
  /** Everything that is no protocol: pages, health, API. */
  readonly fallback: (req: IncomingMessage, res: ServerResponse) => void
  readonly clientAddress: ClientAddress
  /** Throws AppError `unauthorized` when this client may not pull. */
  readonly admit: (address: string) => void
  /** Counts an answer that names an upstream. */
  readonly note: (traffic: { frontEnd: string; upstream: string; outcome: string; bytes: number }) => void
  readonly log: Log
}

/** Takes every request from the socket to the end of its answer. The only place that writes errors and log lines. */
export function createPipeline(deps: PipelineDeps): (req: IncomingMessage, res: ServerResponse) => void {
  const nextId = createRequestId()
  return (req, res) => {
    const startedAt = performance.now()
    const line = lineOf(req)
    const exchange: Exchange = { req, res, id: nextId(), line, notes: { bytes: 0 } }
    const client = deps.clientAddress(req)
    const claimed = claim(deps.frontEnds, exchange)
    if (claimed === undefined) return deps.fallback(req, res)
    const done = (): void => {
      count(exchange, claimed.frontEnd.name, deps.note)
      logRequest(deps.log, exchange, { client, ms: performance.now() - startedAt })
    }
    void run(claimed, exchange, () => deps.admit(client)).then(done)
  }
}

function count({ notes }: Exchange, frontEnd: string, note: PipelineDeps['note']): void {
  const { upstream, outcome, bytes } = notes
  if (upstream !== undefined && outcome !== undefined) note({ frontEnd, upstream, outcome, bytes })
}

interface Claimed {
  readonly frontEnd: FrontEnd<unknown>
  /** The operation, or the error that parsing it gave. */
  readonly op: { readonly ok: unknown } | { readonly error: AppError }
}

/** The front end whose path this is. A malformed path is claimed too, so that it is refused in that protocol. */
function claim(frontEnds: readonly FrontEnd<unknown>[], exchange: Exchange): Claimed | undefined {
  const [first] = frontEnds
  const error = objectionTo(exchange.req)
  if (error !== undefined && first !== undefined) return { frontEnd: first, op: { error } }
  for (const frontEnd of frontEnds) {
    try {
      const ok = frontEnd.parse(exchange.line)
      if (ok !== undefined) return { frontEnd, op: { ok } }
    } catch (error) {
      return { frontEnd, op: { error: toAppError(error) } }
    }
  }
  return undefined
}

/** What is wrong with a request whatever its path means; said by the first front end, the registry. */
function objectionTo(req: IncomingMessage): AppError | undefined {
  if (req.url?.startsWith('/') !== true) {
    return new AppError('bad_request', { message: 'this is no forward proxy: ask for a path' })
  }
  const hosts = countHosts(req)
  // Probes of old load balancers speak HTTP/1.0, where Host is optional.
  if (hosts === 1 || (hosts === 0 && req.httpVersion === '1.0')) return undefined
  return new AppError('bad_request', { message: 'the request needs exactly one Host header' })
}

async function run({ frontEnd, op }: Claimed, exchange: Exchange, admit: () => void): Promise<void> {
  try {
    admit()
    if ('error' in op) throw op.error
    await frontEnd.serve(op.ok, exchange)
  } catch (error) {
    const known = toAppError(error)
    exchange.notes.error = known
    exchange.notes.cut = exchange.res.headersSent || exchange.res.destroyed
    if (exchange.notes.cut) exchange.res.destroy()
    else frontEnd.fail(known, exchange)
  }
}

function countHosts(req: IncomingMessage): number {
  let count = 0
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? ''
    if (name.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}

function lineOf(req: IncomingMessage): RequestLine {
  const url = req.url ?? '/'
  const mark = url.indexOf('?')
  return {
    method: req.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    host: (req.headers.host ?? '').toLowerCase().replace(/:\d+$/, ''),
  }
}
