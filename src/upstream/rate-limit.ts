import { type Clock, HOUR, SECOND } from '../domain/clock.ts'
import { AppError, type ErrorDetail } from '../domain/errors.ts'
import type { RateLimit } from './origin.ts'

const DEFAULT_WAIT = 60
const LONGEST_WAIT = (6 * HOUR) / SECOND

/** Pull budget of one upstream, and how long it told us to stay away. */
export interface RateLimits {
  /** Notes `ratelimit-limit` and `ratelimit-remaining` of any answer; without them the last word stands. */
  see(headers: Readonly<Record<string, string>>): void
  /** Remembers a 429. */
  refuse(error: AppError): void
  /** Throws the remembered 429 with the time that is left, for paths of manifests only: pulls are what counts. */
  check(path: string): void
  last(): RateLimit | undefined
}

export function createRateLimits(clock: Clock): RateLimits {
  let last: RateLimit | undefined
  let refused: { readonly detail: ErrorDetail; readonly at: number; readonly seconds: number } | undefined

  function see(headers: Readonly<Record<string, string>>): void {
    const limit = parseBudget(headers['ratelimit-limit'])
    const remaining = parseBudget(headers['ratelimit-remaining'])
    if (limit === undefined || remaining === undefined) return
    const window = limit.window ?? remaining.window ?? 0
    last = { limit: limit.count, remaining: remaining.count, window, seenAt: clock() }
  }

  function check(path: string): void {
    if (refused === undefined || !path.includes('/manifests/')) return
    const waited = (clock() - refused.at) / SECOND
    // A clock that was set back must not keep the upstream closed.
    if (waited >= refused.seconds || waited < 0) {
      refused = undefined
      return
    }
    throw new AppError('upstream_rate_limited', {
      detail: refused.detail,
      retryAfter: Math.max(1, Math.ceil(refused.seconds - waited)),
    })
  }

  return {
    see,
    check,
    refuse: (error) => {
      refused = { detail: error.detail, at: clock(), seconds: error.retryAfter ?? DEFAULT_WAIT }
    },
    last: () => last,
  }
}

/** `100;w=21600` */
function parseBudget(text: string | undefined): { count: number; window: number | undefined } | undefined {
  const match = /^\s*(\d{1,12})\s*(?:;.*?\bw=(\d{1,12}))?/.exec(text ?? '')
  if (match === null) return undefined
  return { count: Number(match[1]), window: match[2] === undefined ? undefined : Number(match[2]) }
}

/** Seconds of a Retry-After, which may be a number or a date (RFC 9110 §10.2.3); undefined without one. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  const trimmed = text.trim()
  const seconds = /^\d{1,12}$/.test(trimmed) ? Number(trimmed) : (Date.parse(trimmed) - now) / SECOND
  return Number.isNaN(seconds) ? undefined : Math.min(LONGEST_WAIT, Math.max(1, Math.ceil(seconds)))
}

/** The wait for a 429 that names none. */
export function waitOf(retryAfter: number | undefined): number {
  return retryAfter ?? DEFAULT_WAIT
}
