import type { Left } from './leaving.ts'

/**
 * Why content left the disk: room (for downloads), budget (of an upstream), removed (by somebody, at once), evicted (by
 * somebody, and the time to undo that is over), or the reason that a clean-up gives.
 */
export interface Departures {
  note(reason: string, left: Left): void
  /** Since this process began. */
  list(): readonly (Left & { readonly reason: string })[]
}

export function createDepartures(): Departures {
  const sums = new Map<string, Left>()
  return {
    note: (reason, { objects, bytes }) => {
      if (objects === 0 && bytes === 0) return
      const sum = sums.get(reason) ?? { objects: 0, bytes: 0 }
      sums.set(reason, { objects: sum.objects + objects, bytes: sum.bytes + bytes })
    },
    list: () => [...sums].map(([reason, left]) => ({ reason, ...left })),
  }
}
