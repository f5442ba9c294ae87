import type { AppError, ErrorCode } from '../domain/errors.ts'
import type { Outcome } from '../domain/names.ts'

/** What a request costs its client; one is a plain request. */
export const COSTS = {
  /** Answered from what is here, and a ping: a warm pull of sixty layers is no sixty requests. */
  cheap: 0.25,
  /** Shared what was under way, had the upstream say yes, or made no sense. */
  plain: 1,
  /** Made an upstream work. */
  upstream: 2,
  failedLogin: 5,
} as const

export type Cost = keyof typeof COSTS

/** What was taken in advance for one request. */
export interface Charge {
  /** Pays back what the request did not cost, or takes the rest. Only the first call counts. */
  settle(cost: Cost): void
}

/** How a request ended, as far as it matters here. */
export interface Ending {
  readonly outcome: Outcome | undefined
  readonly error: AppError | undefined
  /** Whether a password or a pull key came with it: who is only asked for one has guessed nothing. */
  readonly hasCredentials: boolean
}

const BY_OUTCOME: Readonly<Record<Outcome, Cost>> = {
  hit: 'cheap',
  stale: 'cheap',
  joined: 'plain',
  revalidated: 'plain',
  miss: 'upstream',
  bypass: 'upstream',
}

/** Errors that only an upstream's answer gives, beside those whose names say so. */
const ASKED_FOR: ReadonlySet<ErrorCode> = new Set(['manifest_unknown', 'blob_unknown', 'too_large'])

export function costOf({ outcome, error, hasCredentials }: Ending): Cost {
  if (error?.code === 'unauthorized' || error?.code === 'key_refused')
    return hasCredentials ? 'failedLogin' : 'cheap'
  if (error !== undefined) {
    return error.code.startsWith('upstream_') || ASKED_FOR.has(error.code) ? 'upstream' : 'plain'
  }
  return outcome === undefined ? 'cheap' : BY_OUTCOME[outcome]
}
