import type { Cache } from '../../cache/cache.ts'
import type { Want } from '../../cache/want.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendContent, sendDocument, sendMeta } from '../send.ts'
import type { GoSettings } from './settings.ts'
import type { Source } from './sources.ts'

/** What it takes to serve any file of the protocol. */
export interface ServingDeps {
  readonly cache: Cache
  readonly sourceOf: (module: string) => Source
  readonly settings: GoSettings
}

export type Serve<Resource> = (resource: Resource, exchange: Exchange, headers: Headers) => Promise<void>

export interface Answering {
  readonly cache: Cache
  readonly want: Want
  readonly headers: Headers
  /** Whether it may be longer than what is held in memory. */
  readonly isLarge: boolean
}

/**
 * Sends what is wanted. Rejects with AppError, and then nothing was sent as long as it is about what an upstream has.
 */
export async function answer(
  exchange: Exchange,
  { cache, want, headers, isLarge }: Answering,
): Promise<void> {
  const ranged = isLarge ? { ...headers, 'accept-ranges': 'bytes' } : headers
  if (exchange.line.method === 'HEAD') sendMeta(exchange, await cache.stat(want), ranged)
  else if (isLarge) await sendContent(exchange, await cache.open(want), headers)
  else sendDocument(exchange, await cache.read(want), headers)
}

/** The client takes only what is here (Go's mirror protocol, "Disable-Module-Fetch"). */
export function isFetchDisabled({ req }: Exchange): boolean {
  const said = req.headers['disable-module-fetch']
  return typeof said === 'string' && /^(?:1|t|true)$/i.test(said)
}
