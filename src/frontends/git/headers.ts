import type { Outcome } from '../../domain/names.ts'
import { ALWAYS } from '../frame.ts'
import type { Exchange } from '../front-end.ts'
import type { Headers } from '../send.ts'

/** How an answer came about. */
export interface Came {
  readonly outcome: Outcome
  /** Why it is stale, for people. */
  readonly warning?: string | undefined
}

/** Of an answer of git's protocol. */
export function headersFor(exchange: Exchange, type: string, { outcome, warning }: Came): Headers {
  exchange.notes.outcome = outcome
  return {
    ...ALWAYS,
    'content-type': `application/x-git-upload-pack-${type}`,
    'cache-control': 'no-cache',
    'x-cache': outcome,
    'x-request-id': exchange.id,
    ...(warning === undefined
      ? {}
      : { warning: `299 - "${warning.replaceAll(/[^\x20-\x7e]|["\\]/g, ' ')}"` }),
  }
}

/** A whole answer. */
export function sendBytes(exchange: Exchange, headers: Headers, bytes: Buffer): void {
  exchange.notes.bytes = bytes.length
  exchange.res.writeHead(200, { ...headers, 'content-length': bytes.length }).end(bytes)
}
