import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Access } from '../domain/access.ts'
import type { CheckNote } from '../domain/client-check.ts'
import type { AppError } from '../domain/errors.ts'
import type { EntryKind, FrontEndName, Outcome } from '../domain/names.ts'

/** What parsing may look at. The path is raw, without its pull key: nothing decoded, nothing normalised. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly query: string
  /** Host header, lower case, without port. */
  readonly host: string
}

/** What the log line says besides the request itself. */
export interface Notes {
  /** Who asked, where that is known. */
  who?: string
  /** The cached thing this was about, as a person names it. */
  name?: string
  /** What rules call the repository of that, where the name alone does not say. */
  target?: string
  upstream?: string
  /** What of the repository was asked for. */
  kind?: EntryKind
  outcome?: Outcome
  error?: AppError
  /** The connection was cut because the answer could not go on. */
  cut?: boolean
  /** Of the whole content, as soon as that is known. */
  size?: number
  bytes: number
  /** It only wanted to be seen. */
  check?: CheckNote
}

/** One request on its way through. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly id: string
  readonly line: RequestLine
  readonly notes: Notes
  /** What whoever asks may do. */
  readonly access: Access
  /**
   * A path of ours as this client has to ask for it: with the pull key that it came with, and below a virtual host without
   * the prefix that its protocol has elsewhere.
   */
  withKey(path: string): string
  /** The same as an absolute URL, for clients that take no other. Nothing of it may be kept: others come another way. */
  urlOf(path: string): string
}

/**
 * What an operation takes: to be allowed to pull; to know whether a login is right, because that is what is asked; or
 * the role of an operator.
 */
export type Need = 'pull' | 'login' | 'operator'

/** The one contract a protocol implements. It translates; whether something is cached is not its business. */
export interface FrontEnd<Op> {
  readonly name: FrontEndName
  /** Pure. Undefined: not this protocol's path. Throws AppError for a path that is malformed in this protocol. */
  parse(line: RequestLine): Op | undefined
  needOf(op: Op): Need
  /** What somebody may pull is asked of `exchange.access`, before anything is looked up. */
  serve(op: Op, exchange: Exchange): Promise<void>
  /** Says an error in this protocol's way. */
  fail(error: AppError, exchange: Pick<Exchange, 'id' | 'line' | 'notes' | 'res'>): void
}
