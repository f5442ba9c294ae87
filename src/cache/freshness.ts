import type { Entry } from '../db/entries.ts'
import { formatDuration } from '../domain/units.ts'
import type { Freshness } from './want.ts'

export type Judgement = 'fresh' | 'stale' | 'absent'

/** Whether an entry may be used at `now`. A confirmation from the future (the clock went back) counts as now. */
export function judge(entry: Entry | undefined, freshness: Freshness, now: number): Judgement {
  if (entry === undefined) return 'absent'
  if (freshness.kind === 'immutable') return 'fresh'
  return ageOf(entry, now) < freshness.ttl ? 'fresh' : 'stale'
}

/** Whether an entry is young enough to be served when the upstream cannot be asked. */
export function mayServeStale(entry: Entry, freshness: Freshness, now: number): boolean {
  return freshness.kind === 'immutable' || ageOf(entry, now) <= freshness.staleIfError
}

/** The text of a Warning header: why, and how long ago the content was last confirmed. */
export function staleWarning(entry: Entry, why: string, now: number): string {
  return `served stale: ${why}; last confirmed ${formatDuration(ageOf(entry, now))} ago`
}

function ageOf(entry: Entry, now: number): number {
  return Math.max(0, now - entry.checkedAt)
}
