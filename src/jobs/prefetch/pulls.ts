import { type Clock, SECOND } from '../../domain/clock.ts'
import type { PullFloor } from '../../domain/prefetch-list.ts'
import { because } from '../../domain/reasons.ts'
import { Leave } from './leave.ts'

/** What a registry said last of the pulls it allows. */
export interface SaidLimit {
  readonly limit: number
  readonly remaining: number
  /** Seconds. */
  readonly window: number
  readonly seenAt: number
}

/** Keeps pulls for clients. */
export interface PullGuard {
  /** Throws Leave where an image that takes so many pulls would leave its upstream fewer than are kept. */
  requirePulls(upstream: string, pulls: number): void
  /** Pulls of a dry run, which no registry counts. */
  plan(upstream: string, pulls: number): void
}

/** Where a registry says nothing of limits, or said it longer ago than its window, none is pretended. */
export function createPullGuard(deps: {
  readonly rateLimit: (upstream: string) => SaidLimit | undefined
  readonly clock: Clock
  readonly floor: PullFloor
}): PullGuard {
  const { rateLimit, clock, floor } = deps
  const planned = new Map<string, number>()
  const saidOf = (upstream: string): SaidLimit | undefined => {
    const said = rateLimit(upstream)
    if (said === undefined || said.limit === 0) return undefined
    const isOver = said.window > 0 && clock() - said.seenAt >= said.window * SECOND
    return isOver ? undefined : said
  }
  return {
    requirePulls: (upstream, pulls) => {
      const said = saidOf(upstream)
      if (said === undefined || pulls === 0) return
      const keep = floorOf(floor, said.limit)
      const remaining = said.remaining - (planned.get(upstream) ?? 0)
      if (remaining - pulls >= keep) return
      if (pulls > said.limit - keep)
        throw new Leave(because('prefetch_never', { upstream, pulls, keep }), undefined)
      throw new Leave(because('prefetch_pulls', { upstream, pulls, keep, remaining }), upstream)
    },
    plan: (upstream, pulls) => void planned.set(upstream, (planned.get(upstream) ?? 0) + pulls),
  }
}

function floorOf(floor: PullFloor, limit: number): number {
  if ('pulls' in floor) return floor.pulls
  // 7 % of 100 are 7.000000000000001 otherwise.
  return Math.ceil(Number((limit * floor.share).toFixed(6)))
}
