import { DAY, MINUTE } from '../../domain/clock.ts'

/** How far a clean-up goes beyond what has expired. At most one of them; none: down to evict_to when above it. */
export interface GcGoal {
  /** Bytes to free. */
  readonly free?: number | undefined
  /** Bytes that may stay. */
  readonly to?: number | undefined
  /** Milliseconds: what nobody used for that long. */
  readonly idle?: number | undefined
  /** Milliseconds: content used more recently stays. */
  readonly grace?: number | undefined
}

export interface GcSettings {
  readonly maxSize: number
  readonly evictTo: number
  readonly staleIfError: number
  /** Milliseconds; 0: unused content stays as long as there is room. */
  readonly expireUnused: number
  /** By upstream, where it has its own. */
  readonly expireUnusedOf: Readonly<Record<string, number>>
  /** Budgets of upstreams that have one, in bytes. */
  readonly maxSizeOf: Readonly<Record<string, number>>
}

/** Content used more recently is left alone: somebody may be in the middle of pulling the image it belongs to. */
export const GRACE = 10 * MINUTE
/** A manifest that lost its tag goes when it was not asked for by digest for that long. */
export const REPLACED_FOR = 7 * DAY
/** A part that nobody continued for that long. */
export const PARKED_FOR = DAY
export const QUARANTINED_FOR = 30 * DAY

/** How much may be in use at the end; undefined: no matter. */
export function targetOf(goal: GcGoal, settings: GcSettings, used: number): number | undefined {
  if (goal.to !== undefined) return goal.to
  if (goal.free !== undefined) return Math.max(0, used - goal.free)
  if (goal.idle !== undefined || settings.maxSize === 0) return undefined
  return settings.evictTo
}
