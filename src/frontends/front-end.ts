import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AppError } from '../domain/errors.ts'
import type { FrontEndName, Outcome } from '../domain/names.ts'

/** What parsing may look at. The path is raw: nothing decoded, nothing normalised. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly query: string
  /** Host header, lower case, without port. */
  readonly host: string
}

/** What the log line says besides the request itself. */
export interface Notes {
  /** The cached thing this was about, as a person names it. */
  name?: string
  upstream?: string
  outcome?: Outcome
  error?: AppError
  /** The connection was cut because the answer could not go on. */
  cut?: boolean
  bytes: number
}

/** One request on its way through. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly id: string
  readonly line: RequestLine
  readonly notes: Notes
}

/** The one contract a protocol implements. It translates; whether something is cached is not its business. */
export interface FrontEnd<Op> {
  readonly name: FrontEndName
  /** Pure. Undefined: not this protocol's path. Throws AppError for a path that is malformed in this protocol. */
  parse(line: RequestLine): Op | undefined
  serve(op: Op, exchange: Exchange): Promise<void>
  /** Says an error in this protocol's way. */
  fail(error: AppError, exchange: Exchange): void
}
