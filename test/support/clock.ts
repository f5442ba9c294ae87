import type { Clock } from '../../src/domain/clock.ts'

/** A clock that stands still until it is told otherwise. */
export interface FakeClock extends Clock {
  /** Moves by so many milliseconds; negative goes back. */
  advance(ms: number): void
  /** Jumps to a time in milliseconds since the epoch. */
  set(ms: number): void
}

/** Starts at `start`, by default 2026-01-01T00:00:00Z. */
export function fakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  return Object.assign(() => now, {
    advance(ms: number) {
      now += ms
    },
    set(ms: number) {
      now = ms
    },
  })
}
