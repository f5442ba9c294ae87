import { MINUTE } from '../domain/clock.ts'
import { FETCHED, isFetched, isHit, type TrafficSums } from './traffic.ts'

type Sums = { -readonly [K in keyof TrafficSums]: TrafficSums[K] }

/** Traffic by the minute, in memory: of the last two hours, and of this process alone. */
export interface Minutes {
  add(traffic: { readonly outcome: string; readonly bytes: number; readonly at: number }): void
  /** From that time on, the oldest first; minutes without any traffic are left out. */
  since(at: number): readonly TrafficSums[]
}

const KEPT = 121

export function createMinutes(): Minutes {
  const ring: Sums[] = []
  const sumsAt = (at: number): Sums => {
    const slot = (at / MINUTE) % KEPT
    const known = ring[slot]
    if (known?.at === at) return known
    const fresh = { at, requests: 0, bytes: 0, hits: 0, hitBytes: 0, fetches: 0, fetched: 0 }
    ring[slot] = fresh
    return fresh
  }
  let now: Sums = sumsAt(0)
  return {
    add: ({ outcome, bytes, at }) => {
      if (at < now.at || at >= now.at + MINUTE) now = sumsAt(at - (at % MINUTE))
      if (isFetched(outcome)) {
        now.fetches++
        now.fetched += bytes
      }
      if (outcome === FETCHED) return
      now.requests++
      now.bytes += bytes
      if (!isHit(outcome)) return
      now.hits++
      now.hitBytes += bytes
    },
    since: (at) => ring.filter((sums) => sums.at >= at && sums.at > 0).toSorted((a, b) => a.at - b.at),
  }
}
