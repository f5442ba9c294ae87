import { errors } from 'undici'
import { AppError } from '../domain/errors.ts'
import { PrivateAddressError } from './address-guard.ts'
import { ExchangeError } from './exchange.ts'

/** What a failure says about the upstream's health. `impatient`: a limit of the caller's own ran out. */
export type Fault = 'timeout' | 'impatient' | 'fast' | 'none'

/** The time for headers is over. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE'
  readonly impatient: boolean

  constructor(ms: number, impatient: boolean) {
    super(`no answer within ${ms} ms`)
    this.impatient = impatient
  }
}

const TIMEOUTS: Readonly<Record<string, string>> = {
  DEADLINE: '',
  CONNECT_TIMEOUT: '',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no headers in time',
  UND_ERR_BODY_TIMEOUT: 'it fell silent in the middle of an answer',
}

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ECONNABORTED: 'connection aborted',
  EPIPE: 'connection closed',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EADDRNOTAVAIL: 'network is unreachable',
  ENOTFOUND: 'the name does not resolve',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused',
  UND_ERR_SOCKET: 'connection closed',
  UND_ERR_ABORTED: 'the proxy refused the connection',
  UND_ERR_INVALID_ARG: 'the proxy wants a login',
  UND_ERR_PRX_CONN: 'the proxy closed the connection',
  UND_ERR_PRX_TLS: 'the certificate of the proxy is not trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

const UNTRUSTED =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|CERT_|CRL_|INVALID_CA|HOSTNAME_MISMATCH)/

/** The transport's own words for `error`: `code` of Node, undici or c-ares. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

export function causeOf(error: unknown): unknown {
  return error instanceof ExchangeError ? error.cause : error
}

/**
 * Whether the same request may simply be sent again: the connection broke before an answer. Refused
 * connections and unknown names are not repeated, a cached copy is served sooner.
 */
export function isBroken(error: unknown): boolean {
  return ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(causeOf(error)))
}

/** What a failed exchange means for the breaker. */
export function faultOf(error: unknown): Fault {
  if (error instanceof ExchangeError && error.crowded) return 'none'
  const cause = causeOf(error)
  if (cause instanceof DeadlineError) return cause.impatient ? 'impatient' : 'timeout'
  const code = codeOf(cause)
  if (code in TIMEOUTS) return 'timeout'
  return code in UNREACHABLE || isTlsTrouble(code) ? 'fast' : 'none'
}

/**
 * The AppError for whatever an exchange with `upstream` rejected with; foreign errors that are no network
 * trouble come back as they are.
 */
export function explainFailure(error: unknown, upstream: string): unknown {
  const cause = causeOf(error)
  const code = codeOf(cause)
  if (!(cause instanceof Error) || cause instanceof AppError) return cause
  const fail = (kind: 'upstream_timeout' | 'upstream_unreachable' | 'upstream_invalid', said: string) =>
    new AppError(kind, {
      detail: { upstream, said },
      ...(kind === 'upstream_invalid' ? {} : { retryAfter: 1 }),
      cause,
    })
  if (cause instanceof PrivateAddressError) {
    return fail('upstream_invalid', `refused to connect: ${cause.message}`)
  }
  if (code in TIMEOUTS) return fail('upstream_timeout', TIMEOUTS[code] || cause.message)
  if (code in UNREACHABLE) return fail('upstream_unreachable', `${UNREACHABLE[code]} (${code})`)
  if (isTlsTrouble(code)) return fail('upstream_unreachable', `TLS failed (${code})`)
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' && !(error instanceof ExchangeError)) {
    return fail('upstream_unreachable', 'connection closed before the end of the answer')
  }
  if (cause instanceof errors.HTTPParserError || code.startsWith('UND_ERR_RES_'))
    return fail('upstream_invalid', 'malformed HTTP')
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return fail('upstream_invalid', 'its headers are too large')
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED')
    return new AppError('shutting_down', { cause })
  return cause
}

function isTlsTrouble(code: string): boolean {
  return (
    UNTRUSTED.test(code) || code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')
  )
}
