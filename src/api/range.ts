import type { TrafficSums } from '../db/traffic.ts'
import { HOUR, MINUTE } from '../domain/clock.ts'
import type { Range, Series, Share } from './contract-activity.ts'

/** What people look back at: `steps` steps of `step` ms, the last one of which is not over yet. */
interface Span {
  readonly steps: number
  readonly step: number
  /** How finely traffic is known. */
  readonly unit: number
}

const SPANS: Readonly<Record<Range, Span>> = {
  '1h': { steps: 60, step: MINUTE, unit: MINUTE },
  '24h': { steps: 24, step: HOUR, unit: HOUR },
  '7d': { steps: 28, step: 6 * HOUR, unit: HOUR },
  '30d': { steps: 30, step: 24 * HOUR, unit: HOUR },
}

/** A range and the one before it, in milliseconds; each begins with its first and ends before its second time. */
export interface Window extends Span {
  readonly before: number
  readonly from: number
  readonly to: number
}

/** The range that ends with the minute or hour of `now`. */
export function windowOf(range: Range, now: number): Window {
  const span = SPANS[range]
  const to = now - (now % span.unit) + span.unit
  const length = span.steps * span.step
  return { ...span, to, from: to - length, before: to - 2 * length }
}

/** Traffic step by step. */
export function seriesOf({ from, step, steps }: Window, traffic: readonly TrafficSums[]): Series {
  const zeros = (): number[] => Array<number>(steps).fill(0)
  const series = { served: zeros(), fetched: zeros(), requests: zeros(), hits: zeros() }
  for (const sums of traffic) {
    const at = Math.floor((sums.at - from) / step)
    if (at < 0 || at >= steps) continue
    add(series.served, at, sums.bytes)
    add(series.fetched, at, sums.fetched)
    add(series.requests, at, sums.requests)
    add(series.hits, at, sums.hits)
  }
  return { start: from, step, ...series }
}

function add(values: number[], at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value
}

type Totals = Omit<TrafficSums, 'at'>

/** All traffic from one time on and before another one. */
export function totalOf(traffic: readonly TrafficSums[], from: number, to: number): Totals {
  const total = { requests: 0, bytes: 0, hits: 0, hitBytes: 0, fetches: 0, fetched: 0 }
  for (const sums of traffic) {
    if (sums.at < from || sums.at >= to) continue
    for (const key of KEYS) total[key] += sums[key]
  }
  return total
}

const KEYS = ['requests', 'bytes', 'hits', 'hitBytes', 'fetches', 'fetched'] as const

/** The part that no upstream had to send. */
export function shareOf({ requests, bytes, hits, hitBytes }: Totals): Share {
  return {
    bytes: bytes === 0 ? undefined : hitBytes / bytes,
    requests: requests === 0 ? undefined : hits / requests,
  }
}
