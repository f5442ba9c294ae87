import { HOUR } from '../domain/clock.ts'
import type { Db } from './open.ts'

/** How usage calls what upstreams sent, where answers to clients have their outcome. */
export const FETCHED = 'fetched'
/** Outcomes that cost the upstream no body. */
const HITS = ['hit', 'stale', 'revalidated', 'joined'] as const

export function isHit(outcome: string): boolean {
  return HITS.some((hit) => hit === outcome)
}

/** What upstreams sent without its being kept is counted by the answer alone that it went into. */
const PASSED = 'bypass'

/** Whether an upstream sent these bytes, whatever became of them. */
export function isFetched(outcome: string): boolean {
  return outcome === FETCHED || outcome === PASSED
}

/** What came and went in one stretch of time. */
export interface TrafficSums {
  /** Begin of the stretch. */
  readonly at: number
  /** Answers to clients, and their bodies. */
  readonly requests: number
  readonly bytes: number
  /** Those of them that cost the upstream no body. */
  readonly hits: number
  readonly hitBytes: number
  /** What upstreams sent, also for what was not kept. */
  readonly fetches: number
  readonly fetched: number
}

export interface TrafficAsk {
  /** Milliseconds; both are rounded down to whole hours. */
  readonly from: number
  readonly to: number
}

const LIST = HITS.map((hit) => `'${hit}'`).join(', ')

/** Sums by the hour, the oldest first; hours without any traffic are left out. */
export function traffic(db: Db, { from, to }: TrafficAsk): readonly TrafficSums[] {
  const select = db.prepare<[number, number], TrafficSums>(
    `SELECT hour AS at,
            coalesce(sum(requests) FILTER (WHERE outcome <> '${FETCHED}'), 0) AS requests,
            coalesce(sum(bytes) FILTER (WHERE outcome <> '${FETCHED}'), 0) AS bytes,
            coalesce(sum(requests) FILTER (WHERE outcome IN (${LIST})), 0) AS hits,
            coalesce(sum(bytes) FILTER (WHERE outcome IN (${LIST})), 0) AS hitBytes,
            coalesce(sum(requests) FILTER (WHERE outcome IN ('${FETCHED}', '${PASSED}')), 0) AS fetches,
            coalesce(sum(bytes) FILTER (WHERE outcome IN ('${FETCHED}', '${PASSED}')), 0) AS fetched
       FROM usage WHERE hour >= ? AND hour < ? GROUP BY hour ORDER BY hour`,
  )
  return select.all(from - (from % HOUR), to - (to % HOUR))
}
