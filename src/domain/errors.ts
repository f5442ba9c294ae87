import type { Saying } from './saying.ts'

/** Everything that can go wrong for a client, as a closed list. */
export type ErrorCode =
  | 'bad_request'
  | 'name_invalid'
  | 'digest_invalid'
  | 'tag_invalid'
  | 'page_invalid'
  | 'unauthorized'
  | 'key_refused'
  | 'denied'
  | 'name_unknown'
  | 'manifest_unknown'
  | 'blob_unknown'
  | 'not_found'
  | 'unsupported'
  | 'too_large'
  | 'range_invalid'
  | 'too_many_requests'
  | 'upstream_not_found'
  | 'upstream_denied'
  | 'upstream_rate_limited'
  | 'upstream_failed'
  | 'upstream_invalid'
  | 'upstream_unreachable'
  | 'upstream_timeout'
  | 'busy'
  | 'shutting_down'
  | 'internal'

/** What one code means wherever it is rendered. `level` is how loudly the log says it. */
export interface ErrorFacts {
  readonly status: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly hint: string
}

/** The one catalogue: README's error table is rendered from it, a test provokes every code. */
export const ERRORS: Record<ErrorCode, ErrorFacts> = {
  bad_request: {
    status: 400,
    level: 'info',
    message: 'the request cannot be understood',
    hint: 'check the address and the query of the request',
  },
  name_invalid: {
    status: 400,
    level: 'info',
    message: 'invalid repository name',
    hint: 'names are lower case, components of letters and digits joined by . _ __ or -, at most 255 characters',
  },
  digest_invalid: {
    status: 400,
    level: 'info',
    message: 'invalid digest',
    hint: 'a digest is sha256: and 64, or sha512: and 128 lower-case hexadecimal digits',
  },
  tag_invalid: {
    status: 400,
    level: 'info',
    message: 'invalid tag',
    hint: 'a tag has at most 128 letters, digits, dots, dashes and underscores and starts with none of . and -',
  },
  page_invalid: {
    status: 400,
    level: 'info',
    message: 'invalid page',
    hint: 'n is a whole number from 0, last is the last name of the page before',
  },
  unauthorized: {
    status: 401,
    level: 'info',
    message: 'login required',
    hint: 'log in, or ask the operator to let your address pull without a login (auth.anonymous_pull)',
  },
  key_refused: {
    status: 401,
    level: 'info',
    message: 'this pull key is refused',
    hint: 'ask the operator of this cache for another key (cachalot key add)',
  },
  denied: {
    status: 403,
    level: 'info',
    message: 'not allowed',
    hint: 'ask the operator of this cache',
  },
  name_unknown: {
    status: 404,
    level: 'info',
    message: 'no such repository',
    hint: 'check the registry part of the name; the start banner lists the upstreams this cache knows',
  },
  manifest_unknown: {
    status: 404,
    level: 'info',
    message: 'no such manifest',
    hint: 'check the tag or digest; the upstream does not have it',
  },
  blob_unknown: {
    status: 404,
    level: 'info',
    message: 'no such blob',
    hint: 'the upstream does not have this blob in this repository',
  },
  not_found: { status: 404, level: 'info', message: 'nothing here', hint: 'the registry lives under /v2/' },
  unsupported: {
    status: 405,
    level: 'info',
    message: 'not supported by a pull-through cache',
    hint: 'push to the upstream registry itself',
  },
  too_large: {
    status: 413,
    level: 'info',
    message: 'larger than this cache allows',
    hint: 'the operator can raise limits.max_blob or limits.max_manifest',
  },
  range_invalid: {
    status: 416,
    level: 'info',
    message: 'the range lies outside of the content',
    hint: 'ask for bytes inside the length that Content-Range names',
  },
  too_many_requests: {
    status: 429,
    level: 'info',
    message: 'too many requests',
    hint: 'wait as long as Retry-After says',
  },
  upstream_not_found: {
    status: 404,
    level: 'info',
    message: 'the upstream does not have it',
    hint: 'check the name at the upstream',
  },
  upstream_denied: {
    status: 403,
    level: 'warn',
    message: 'the upstream refused access',
    hint: 'the image is private or does not exist; the operator can give this upstream a username and password_file',
  },
  upstream_rate_limited: {
    status: 429,
    level: 'warn',
    message: 'the upstream limits our pulls',
    hint: 'wait as long as Retry-After says, or give this upstream a username and password_file',
  },
  upstream_failed: {
    status: 502,
    level: 'warn',
    message: 'the upstream failed',
    hint: 'try again; what is cached is served meanwhile',
  },
  upstream_invalid: {
    status: 502,
    level: 'error',
    message: 'the upstream sent something that cannot be trusted',
    hint: 'nothing of it was kept; try again, and see the log for what was wrong',
  },
  upstream_unreachable: {
    status: 503,
    level: 'warn',
    message: 'the upstream cannot be reached',
    hint: 'check name, network and proxy of this upstream; what is cached is served meanwhile',
  },
  upstream_timeout: {
    status: 504,
    level: 'warn',
    message: 'the upstream did not answer in time',
    hint: 'try again; what is cached is served meanwhile',
  },
  busy: {
    status: 409,
    level: 'info',
    message: 'this work is under way already',
    hint: 'wait for it to end and look at its result; "cachalot jobs" lists what ran',
  },
  shutting_down: {
    status: 503,
    level: 'info',
    message: 'this server is stopping',
    hint: 'try again in a moment',
  },
  internal: {
    status: 500,
    level: 'error',
    message: 'something broke inside the cache',
    hint: 'see the log line with this request id and report it',
  },
}

export interface ErrorDetail {
  /** The upstream that failed, by its configured name. */
  readonly upstream?: string
  /** The HTTP status the upstream answered with. */
  readonly status?: number
  /** What the upstream said or what went wrong, one line, already free of secrets. */
  readonly said?: string
  readonly [key: string]: unknown
}

export interface AppErrorOptions {
  /** Replaces the catalogue's message for people; stays one sentence. */
  readonly message?: string
  /** Replaces the catalogue's hint, for what it does not speak of. */
  readonly hint?: string
  /** Which sentence that message is; `because` of reasons.ts gives both. */
  readonly why?: Saying
  readonly detail?: ErrorDetail
  /** Seconds, for Retry-After. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

/** The only error whose words reach a client. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly detail: ErrorDetail
  readonly retryAfter: number | undefined
  readonly why: Saying | undefined
  /** What to do about it, where that is not what the catalogue says. */
  readonly hint: string | undefined

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? ERRORS[code].message, { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.detail = options.detail ?? {}
    this.retryAfter = options.retryAfter
    this.why = options.why
    this.hint = options.hint
  }

  get facts(): ErrorFacts {
    return ERRORS[this.code]
  }
}

/** Foreign errors become `internal` and keep their text for the log alone. */
export function toAppError(error: unknown): AppError {
  return error instanceof AppError ? error : new AppError('internal', { cause: error })
}

/** Upstream trouble that may pass: a cached copy is served instead of it. */
export function isUpstreamTrouble(error: unknown): error is AppError {
  return error instanceof AppError && error.code.startsWith('upstream_')
}
