import { type Clock, HOUR, SECOND } from '../domain/clock.ts'
import { AppError, type ErrorDetail } from '../domain/errors.ts'
import type { RateLimit } from './origin.ts'
import type { UpstreamSettings } from './settings.ts'

const DEFAULT_WAIT = 60
const LONGEST_WAIT = (6 * HOUR) / SECOND

/** Pull budget of one upstream, and how long it told us to stay away. */
export interface RateLimits {
  /**
   * Notes `ratelimit-limit` and `ratelimit-remaining` of any answer, of upstreams of files what GitHub and Hugging Face
   * say in their own ways; without them the last word stands.
   */
  see(headers: Readonly<Record<string, string>>): void
  /** Remembers a 429. */
  refuse(error: AppError): void
  /** Throws the remembered 429 with the time that is left, for paths of manifests only: pulls are what counts. */
  check(path: string): void
  last(): RateLimit | undefined
}

export function createRateLimits(clock: Clock, kind?: UpstreamSettings['kind']): RateLimits {
  let last: RateLimit | undefined
  let refused: { readonly detail: ErrorDetail; readonly at: number; readonly seconds: number } | undefined

  function see(headers: Readonly<Record<string, string>>): void {
    if (kind === 'files') {
      last = budgetOfFiles(headers, clock()) ?? last
      return
    }
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

/**
 * `x-ratelimit-limit`, `-remaining` and `-reset` (GitHub's REST API), or `ratelimit: "name";r=2999;t=172` beside
 * `ratelimit-policy: "name";q=3000;w=300` (draft-ietf-httpapi-ratelimit-headers, Hugging Face). The window is what is
 * left of it.
 */
function budgetOfFiles(headers: Readonly<Record<string, string>>, now: number): RateLimit | undefined {
  const limit = parseBudget(headers['x-ratelimit-limit'])?.count
  const remaining = parseBudget(headers['x-ratelimit-remaining'])?.count
  if (limit !== undefined && remaining !== undefined) {
    return { limit, remaining, window: secondsToReset(headers, now) ?? 0, seenAt: now }
  }
  const left = /;\s*r=(\d{1,12})\s*;\s*t=(\d{1,12})/.exec(headers['ratelimit'] ?? '')
  const quota = /;\s*q=(\d{1,12})/.exec(headers['ratelimit-policy'] ?? '')
  if (left === null || quota === null) return undefined
  return { limit: Number(quota[1]), remaining: Number(left[1]), window: Number(left[2]), seenAt: now }
}

/** Seconds until `x-ratelimit-reset`, which is a time in seconds since 1970; undefined without one. */
export function secondsToReset(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const at = headers['x-ratelimit-reset']?.trim() ?? ''
  if (!/^\d{1,12}$/.test(at)) return undefined
  return Math.min(LONGEST_WAIT, Math.max(1, Math.ceil(Number(at) - now / SECOND)))
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
