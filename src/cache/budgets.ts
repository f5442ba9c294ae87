import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'

export interface Budget {
  used: number
  reserved: number
}

/**
 * What upstreams with a budget of their own take. Content with names of several upstreams counts for each. Numbers
 * follow what the index does; `recount` brings them back to what it says.
 */
export interface Budgets {
  /** The budget of an upstream, counted before its first use; undefined when it has none. */
  open(upstream: string): Promise<Budget | undefined>
  /** Call when content is here that was not, before its entries are written: some upstreams may have pointed to it. */
  arrives(digest: Sha256, size: number): void
  /** Call before an entry is written: the upstream is about to have a name for this content. */
  gains(upstream: string, digest: Sha256, size: number): void
  /** Call before a blob's rows are removed. */
  loses(digest: Sha256, size: number): void
  /** The upstream alone has no names for it any more. */
  released(upstream: string, size: number): void
  /** Drops a name with `work`, inside a transaction; true when it did. What it led to may stay for others. */
  dropping(key: EntryKey, work: () => boolean): boolean
  recount(): Promise<void>
}

export function createBudgets(deps: {
  index: Index
  /** Bytes; 0: the upstream has no budget. */
  limitOf: (upstream: string) => number
}): Budgets {
  const { index, limitOf } = deps
  const budgets = new Map<string, Budget>()
  let counting: Promise<void> | undefined

  const budgetOf = (upstream: string): Budget => {
    const known = budgets.get(upstream) ?? { used: 0, reserved: 0 }
    budgets.set(upstream, known)
    return known
  }

  let changes = 0

  /** What changes while the index is read is added to what it says. */
  const count = async (upstreams: readonly string[]): Promise<void> => {
    const before = new Map(upstreams.map((upstream) => [upstream, budgetOf(upstream).used]))
    const totals = await index.clerk.ask('holdings', undefined)
    for (const [upstream, used] of before) {
      const budget = budgetOf(upstream)
      budget.used += (totals[upstream] ?? 0) - used
    }
  }

  const released = (upstream: string, size: number): void => {
    const budget = budgets.get(upstream)
    if (budget === undefined) return
    changes++
    budget.used -= onDisk(size)
  }

  /** Of everybody who has a name for it. */
  const changeAll = (digest: Sha256, bytes: number): void => {
    if (budgets.size === 0) return
    changes++
    for (const upstream of index.holdings.upstreamsOf(digest)) {
      const budget = budgets.get(upstream)
      if (budget !== undefined) budget.used += bytes
    }
  }

  return {
    open: async (upstream) => {
      if (limitOf(upstream) === 0) return undefined
      while (!budgets.has(upstream)) {
        counting ??= count([upstream]).finally(() => {
          counting = undefined
        })
        await counting
      }
      if (counting !== undefined) await counting
      return budgets.get(upstream)
    },
    gains: (upstream, digest, size) => {
      const budget = limitOf(upstream) === 0 ? undefined : budgets.get(upstream)
      if (budget === undefined || index.holdings.has(upstream, digest)) return
      changes++
      budget.used += onDisk(size)
    },
    arrives: (digest, size) => changeAll(digest, onDisk(size)),
    loses: (digest, size) => changeAll(digest, -onDisk(size)),
    released,
    dropping: (key, work) => {
      const digest = budgets.has(key.upstream) ? index.entries.find(key)?.digest : undefined
      const isDropped = work()
      const blob = digest === undefined || !isDropped ? undefined : index.blobs.find(digest)
      if (blob !== undefined && !index.holdings.has(key.upstream, blob.digest))
        released(key.upstream, blob.size)
      return isDropped
    },
    recount: async () => {
      if (budgets.size === 0) return
      const before = changes
      const totals = await index.clerk.ask('holdings', undefined)
      // What came and went meanwhile may be in the answer or not.
      if (changes !== before) return
      for (const [upstream, budget] of budgets) budget.used = totals[upstream] ?? 0
    },
  }
}
