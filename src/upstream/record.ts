import type { Asking, AskingEnd } from '../domain/asking.ts'
import type { Clock } from '../domain/clock.ts'
import { AppError, type ErrorCode } from '../domain/errors.ts'

/** What people want to know of an upstream; nothing is decided by it. */
export interface Standing {
  /** Milliseconds until headers, of the latest answers; undefined before the first. */
  readonly p50: number | undefined
  readonly p95: number | undefined
  /** Calls that failed since the last good one, of the kind that is the upstream's own fault. */
  readonly failures: number
  readonly lastError: LastError | undefined
}

export interface LastError {
  readonly at: number
  readonly code: ErrorCode
  /** What it said or what went wrong, already free of secrets; it may name a repository. */
  readonly said: string | undefined
}

/** Told of every call, for whoever counts them. Milliseconds until headers; codes of what failed. */
export interface Meter {
  /** One request to a host, also to one that the upstream led to; what it gives back is told how that ended. */
  readonly asking?: (asked: Asking) => ((end: AskingEnd) => void) | undefined
  answered(upstream: string, took: number): void
  failed(upstream: string, code: ErrorCode): void
}

export const NO_METER: Meter = { answered: () => undefined, failed: () => undefined }

/** Does it, and tells the meter how it went. Rejects with what `work` rejects with. */
export async function metered<T extends { readonly status: number }>(
  meter: Meter,
  asking: Asking,
  work: () => Promise<T>,
): Promise<T> {
  const ended = meter.asking?.(asking)
  try {
    const answer = await work()
    ended?.({ status: answer.status })
    return answer
  } catch (error) {
    ended?.({ error })
    throw error
  }
}

export interface TrackRecord {
  /** An answer came, with whatever status. */
  answered(took: number): void
  succeeded(): void
  /** Neither what is not there nor what we may not have is a failure. */
  failed(error: unknown): void
  standing(): Standing
}

/** Answers that count. */
const MOST = 256
/** Its own fault, and not ours or that of whoever asked. */
const FAULTS: ReadonlySet<ErrorCode> = new Set([
  'upstream_failed',
  'upstream_invalid',
  'upstream_unreachable',
  'upstream_timeout',
])

export function createRecord(name: string, clock: Clock, meter: Meter = NO_METER): TrackRecord {
  const took = new Float64Array(MOST)
  let count = 0
  let failures = 0
  let lastError: LastError | undefined
  return {
    answered: (ms) => {
      took[count % MOST] = ms
      count++
      meter.answered(name, ms)
    },
    succeeded: () => {
      failures = 0
    },
    failed: (error) => {
      if (!(error instanceof AppError)) return
      const isFault = FAULTS.has(error.code)
      if (!isFault && error.code !== 'upstream_rate_limited') {
        failures = 0
        return
      }
      if (isFault) failures++
      meter.failed(name, error.code)
      lastError = { at: clock(), code: error.code, said: error.detail.said }
    },
    standing: () => {
      const sorted = took.slice(0, Math.min(count, MOST)).sort()
      return { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), failures, lastError }
    },
  }
}

/** The smallest value that so much of all is not above. */
function percentile(sorted: Float64Array, share: number): number | undefined {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
  return value === undefined ? undefined : Math.round(value * 10) / 10
}
