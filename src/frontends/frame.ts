import type { AppError } from '../domain/errors.ts'
import type { FrontEnd, RequestLine } from './front-end.ts'
import type { Headers } from './send.ts'

/** On every answer of a front end: nothing here is a page. */
export const ALWAYS: Headers = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

/** An error in the words of a protocol. */
export interface Refusal {
  readonly status: number
  /** All but its length, and what every refusal has. */
  readonly headers: Headers
  readonly body: Buffer
}

/** What tells one protocol from another, whatever its settings are. */
export interface Protocol<Op> extends Pick<FrontEnd<Op>, 'name' | 'parse'> {
  /** Unless given, everything is a pull. */
  readonly needOf?: FrontEnd<Op>['needOf']
  /** Methods that are told to who used another one, "GET, HEAD". */
  readonly methods?: string
  refusalOf(error: AppError, line: RequestLine): Refusal
}

/** A front end that takes other settings into use from the next request on. */
export interface SettledFrontEnd<Op, Settings> extends FrontEnd<Op> {
  update(settings: Settings): void
}

/** Makes a front end of what is its own. `start` is called for the settings of now, and again for all that follow. */
export function createFrontEnd<Op, Settings>(
  protocol: Protocol<Op>,
  start: (settings: Settings) => FrontEnd<Op>['serve'],
  initial: Settings,
): SettledFrontEnd<Op, Settings> {
  let serve = start(initial)
  const { name, parse, needOf = () => 'pull' } = protocol
  return {
    name,
    parse,
    needOf,
    serve: (op, exchange) => serve(op, exchange),
    fail: (error, exchange) => sendRefusal(protocol, error, exchange),
    update: (settings) => {
      serve = start(settings)
    },
  }
}

/** The headers of a refusal that may be another answer soon. */
export function refusalHeaders(type: string, own: Headers = {}): Headers {
  return { ...ALWAYS, ...own, 'content-type': type, 'cache-control': 'no-store' }
}

function sendRefusal<Op>(
  { refusalOf, methods }: Protocol<Op>,
  error: AppError,
  { id, line, notes, res }: Parameters<FrontEnd<Op>['fail']>[1],
): void {
  const { status, headers: own, body } = refusalOf(error, line)
  const headers: Headers = {
    ...own,
    'content-length': body.length,
    'x-cache': notes.outcome ?? 'miss',
    'x-request-id': id,
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfter))
  if (error.code === 'unsupported' && methods !== undefined) headers['allow'] = methods
  res.writeHead(status, headers)
  res.end(line.method === 'HEAD' ? undefined : body)
}
