import { DAY, MINUTE } from '../../domain/clock.ts'
import type { Condition } from '../../domain/condition.ts'

/**
 * How far a clean-up goes beyond what has expired. At most one of free, to, idle, untagged and platforms; none: down to
 * evict_to when above it.
 */
export interface GcGoal {
  /** Bytes to free. */
  readonly free?: number | undefined
  /** Bytes that may stay. */
  readonly to?: number | undefined
  /** Milliseconds: what nobody used for that long. */
  readonly idle?: number | undefined
  /** Images that no tag leads to. */
  readonly untagged?: true | undefined
  /** What is for other platforms than these. */
  readonly platforms?: readonly string[] | undefined
  /** Only of these upstreams. */
  readonly upstreams?: readonly string[] | undefined
  /** Only of images that match; for untagged and platforms. */
  readonly conditions?: readonly Condition[] | undefined
  /** Also images that their upstreams do not have any more, as far as they said; without a goal these may go anyway. */
  readonly includeGone?: boolean | undefined
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

/** Whether what cannot be pulled again stays: people who ask for more room do not mean that, the budget does. */
export function keepsGone({ includeGone = false, ...goal }: GcGoal): boolean {
  const { free, to, idle, untagged, platforms } = goal
  return !includeGone && [free, to, idle, untagged, platforms].some((one) => one !== undefined)
}

/** How much may be in use at the end; undefined: no matter. */
export function targetOf(goal: GcGoal, settings: GcSettings, used: number): number | undefined {
  if (goal.to !== undefined) return goal.to
  if (goal.free !== undefined) return Math.max(0, used - goal.free)
  const { idle, untagged, platforms } = goal
  const isOther = idle !== undefined || untagged !== undefined || platforms !== undefined
  if (isOther || settings.maxSize === 0) return undefined
  return settings.evictTo
}
