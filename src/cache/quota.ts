import { onDisk } from '../domain/blocks.ts'
import { GIB } from '../domain/units.ts'
import type { Store } from '../store/store.ts'
import type { Budget, Budgets } from './budgets.ts'
import type { Eviction } from './eviction.ts'
import type { Ledger } from './ledger.ts'

/** Room for one download. Released exactly once, by whoever reserved. */
export interface Reservation {
  /** Asks for more; false when there is none. */
  grow(bytes: number): Promise<boolean>
  release(): void
}

export interface QuotaLimits {
  /** Bytes; 0 = no limit. */
  readonly maxSize: number
  readonly evictTo: number
  readonly minFree: number
  /** The budget of one upstream in bytes; 0 = none of its own. */
  readonly maxSizeOf?: (upstream: string) => number
}

export interface Quota {
  /** Room for `bytes` of content of an upstream, made by eviction where needed; undefined when there is none. */
  reserve(bytes: number, upstream?: string): Promise<Reservation | undefined>
  /** Content became, or stopped being, part of what lies on disk. */
  settle(bytes: number): void
  usage(): { used: number; reserved: number }
  /** Evicts what is above the folder's limit, or that of an upstream, after it was lowered; down to evict_to. */
  shrink(upstream?: string): Promise<void>
}

/** Keeps used + reserved at or below the limits: the one of the folder, and those of upstreams. */
export function createQuota(deps: {
  store: Store
  ledger: Ledger
  budgets: Budgets
  eviction: Eviction
  limits: () => QuotaLimits
}): Quota {
  const { store, ledger, budgets, limits } = deps
  const evict = createEvicting(deps.eviction)
  const takeShare = createTakeShare(deps, evict)

  /**
   * Bytes that have to go before `bytes` more leave min_free of the volume. Undefined where less than that is free
   * already: then somebody else fills it, and giving up what is cached would not end that.
   */
  const shortfall = async (bytes: number): Promise<number | undefined> => {
    const { minFree } = limits()
    if (minFree === 0) return 0
    const free = await store.freeBytes()
    // Downloads under way have not written yet all that was promised to them.
    const promised = Math.max(0, ledger.reserved - store.grownBytes())
    const lack = Math.max(0, minFree + bytes + promised - free)
    return lack > bytes + promised ? undefined : lack
  }

  /** Room in the folder and on the volume. */
  const takeSpace = async (bytes: number): Promise<boolean> => {
    for (;;) {
      const lack = await shortfall(bytes)
      const { maxSize } = limits()
      const over = excess(ledger, bytes, { max: maxSize, low: lowMark(limits(), maxSize) })
      if (over === undefined || lack === undefined) return false
      if (over === 0 && lack === 0) {
        ledger.reserved += bytes
        return true
      }
      if (!(await evict('', Math.max(over, lack)))) return false
    }
  }

  /** Takes both or none; the function gives `bytes` back. */
  const take = async (bytes: number, upstream: string | undefined): Promise<(() => void) | undefined> => {
    const share = upstream === undefined ? 'none' : await takeShare(bytes, upstream)
    if (share === undefined) return undefined
    const giveShare = (): void => {
      if (share !== 'none') share.reserved -= bytes
    }
    const isTaken = await takeSpace(bytes).catch((error: unknown) => {
      giveShare()
      throw error
    })
    if (!isTaken) {
      giveShare()
      return undefined
    }
    return () => {
      giveShare()
      ledger.reserved -= bytes
    }
  }

  const reserve: Quota['reserve'] = async (bytes, upstream) => {
    const first = await take(onDisk(bytes), upstream)
    if (first === undefined) return undefined
    const held = [first]
    return {
      grow: async (more) => {
        const next = await take(more, upstream)
        if (next !== undefined) held.push(next)
        return next !== undefined
      },
      release: () => {
        for (const give of held.splice(0)) give()
      },
    }
  }

  return {
    reserve,
    settle: (bytes) => {
      ledger.used += bytes
    },
    usage: () => ({ used: ledger.used, reserved: ledger.reserved }),
    shrink: async (upstream = '') => {
      const count = upstream === '' ? ledger : await budgets.open(upstream)
      const max = upstream === '' ? limits().maxSize : (limits().maxSizeOf?.(upstream) ?? 0)
      if (count === undefined || max === 0) return
      const all = count.used + count.reserved
      if (all > max) await evict(upstream, all - lowMark(limits(), max))
    },
  }
}

type Evict = (upstream: string, bytes: number) => Promise<boolean>

/** Takes room in the upstream's own budget: gives the budget, "none" where there is none, undefined where it is full. */
function createTakeShare(
  { budgets, limits }: { budgets: Budgets; limits: () => QuotaLimits },
  evict: Evict,
): (bytes: number, upstream: string) => Promise<Budget | 'none' | undefined> {
  return async (bytes, upstream) => {
    for (;;) {
      const budget = await budgets.open(upstream)
      if (budget === undefined) return 'none'
      const max = limits().maxSizeOf?.(upstream) ?? 0
      const over = excess(budget, bytes, { max, low: lowMark(limits(), max) })
      if (over === undefined) return undefined
      if (over === 0) {
        budget.reserved += bytes
        return budget
      }
      if (!(await evict(upstream, over))) return undefined
    }
  }
}

/** One eviction at a time for each limit ("" is the folder's); whoever waits looks again afterwards. */
function createEvicting(eviction: Eviction): Evict {
  const running = new Map<string, Promise<boolean>>()
  return (upstream, bytes) => {
    const known = running.get(upstream)
    if (known !== undefined) return known
    const work = upstream === '' ? eviction.evict(bytes) : eviction.evictOf(upstream, bytes)
    const done = work.then((gone) => gone.bytes > 0).finally(() => running.delete(upstream))
    running.set(upstream, done)
    return done
  }
}

/** Where eviction goes once it must, for a limit of `max` bytes. */
function lowMark({ maxSize, evictTo }: QuotaLimits, max: number): number {
  return Math.floor(max * (maxSize === 0 ? DEFAULT_SHARE : evictTo / maxSize))
}

/** How many bytes have to go before `bytes` more fit; 0: they fit, undefined: they never will. */
function excess(
  { used, reserved }: Readonly<Budget>,
  bytes: number,
  { max, low }: { max: number; low: number },
): number | undefined {
  if (max === 0) return 0
  if (reserved + bytes > max) return undefined
  if (used + reserved + bytes <= max) return 0
  return used + reserved - Math.min(low, max - bytes)
}

/** Where no limit of the folder says how far eviction goes. */
const DEFAULT_SHARE = 0.9

/** Steps in which room is taken for content whose length nobody said. */
export const UNKNOWN_STEP = GIB / 16
