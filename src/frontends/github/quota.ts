import type { Headers } from '../send.ts'

/** What is left of the requests that GitHub answers us, as it was last said. */
export interface Quota {
  readonly limit: number
  readonly remaining: number
  /** Seconds from `seenAt` until it is full again. */
  readonly window: number
  /** Milliseconds. */
  readonly seenAt: number
}

/** The headers by which clients of the API pace themselves; none once what is known is out of date. */
export function quotaHeaders(quota: Quota | undefined, now: number): Headers {
  if (quota === undefined) return {}
  const reset = quota.seenAt + quota.window * 1000
  if (reset <= now) return {}
  return {
    'x-ratelimit-limit': quota.limit,
    'x-ratelimit-remaining': quota.remaining,
    'x-ratelimit-used': Math.max(0, quota.limit - quota.remaining),
    'x-ratelimit-reset': Math.ceil(reset / 1000),
  }
}
