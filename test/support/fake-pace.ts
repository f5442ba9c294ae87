import { setTimeout as sleep } from 'node:timers/promises'

/** How often a paced body moves on. Short enough that no reader sees bursts, long enough to cost little. */
const TICK = 4
/** Time that a stalled sender may catch up; what a reader did not take in longer stalls is lost, as on a line. */
const CATCH_UP = 250

/** Hands out bytes of one connection at a rate that may change while it runs. */
export interface Pacer {
  /** Bytes that may go now; 0 means wait `wait` milliseconds first. */
  take(now: number): { bytes: number; wait: number }
  /** Gives back what `take` allowed and the sender did not use. */
  putBack(bytes: number): void
}

/**
 * Credit grows with time and is spent by `take`; it begins with what one tick earns, so that small bodies go at once.
 * Late timers cost nothing: the next `take` gets what the late time earned.
 * @param rate bytes per second now; undefined is no limit
 * @param start milliseconds of the same clock that `take` is told
 */
export function createPacer(rate: () => number | undefined, start: number): Pacer {
  let last = start - TICK
  let credit = 0
  return {
    take(now) {
      const perMs = rate()
      const passed = now - last
      last = now
      if (perMs === undefined) return { bytes: Number.POSITIVE_INFINITY, wait: 0 }
      const speed = perMs / 1000
      credit = Math.min(credit + passed * speed, Math.max(1, CATCH_UP * speed))
      const least = Math.max(1, TICK * speed)
      if (credit < least) return { bytes: 0, wait: Math.max(1, Math.ceil((least - credit) / speed)) }
      const bytes = Math.floor(credit)
      credit -= bytes
      return { bytes, wait: 0 }
    },
    putBack(bytes) {
      if (Number.isFinite(bytes)) credit += bytes
    },
  }
}

/** Waits, or returns early when the signal fires; never throws for that. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return
  await sleep(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}
