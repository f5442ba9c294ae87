import type { Index } from '../db/index.ts'
import { GIB } from '../domain/units.ts'
import { onDisk } from '../store/layout.ts'
import type { Store } from '../store/store.ts'
import type { Hot } from './hot.ts'

const PAGE = 500

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
}

export interface Quota {
  /** Room for `bytes`, made by evicting the coldest blobs where needed; undefined when there is none. */
  reserve(bytes: number): Promise<Reservation | undefined>
  /** Content became, or stopped being, part of what lies on disk. */
  settle(bytes: number): void
  usage(): { used: number; reserved: number }
}

/** Keeps used + reserved at or below the limit. */
export async function createQuota(deps: {
  index: Index
  store: Store
  hot: Hot
  limits: () => QuotaLimits
}): Promise<Quota> {
  const { index, store, limits } = deps
  let used = index.blobs.totals().bytes + (await store.partBytes())
  let reserved = 0
  let evicting: Promise<boolean> | undefined

  /** Evicts the coldest blobs, one page at most, until `goal` bytes are in use; then parts that nobody continued. */
  const evictPage = async (goal: number): Promise<boolean> => {
    let gone = 0
    await index.transact(() => {
      gone = 0
      index.blobs.flushTouches()
      for (const { digest, size } of index.blobs.coldest(PAGE)) {
        if (used - gone + reserved <= goal) break
        index.blobs.remove(digest)
        store.retire(digest)
        deps.hot.drop(digest)
        gone += onDisk(size)
      }
    })
    try {
      await store.emptyTrash()
      if (gone === 0) gone = await store.dropParked(used + reserved - goal)
    } finally {
      used -= gone
    }
    return gone > 0
  }

  /** Looks and takes without a pause in between, so two downloads never take the same room. */
  const take = async (bytes: number): Promise<boolean> => {
    const { maxSize, minFree, evictTo } = limits()
    if (minFree > 0 && (await store.freeBytes()) - bytes < minFree) return false
    if (maxSize > 0 && bytes > maxSize) return false
    while (maxSize > 0 && used + reserved + bytes > maxSize) {
      evicting ??= evictPage(Math.min(evictTo, maxSize - bytes)).finally(() => {
        evicting = undefined
      })
      if (!(await evicting)) return false
    }
    reserved += bytes
    return true
  }

  return {
    reserve: async (bytes) => {
      let held = onDisk(bytes)
      if (!(await take(held))) return undefined
      return {
        grow: async (more) => {
          if (!(await take(more))) return false
          held += more
          return true
        },
        release: () => {
          reserved -= held
          held = 0
        },
      }
    },
    settle: (bytes) => {
      used += bytes
    },
    usage: () => ({ used, reserved }),
  }
}

/** Steps in which room is taken for content whose length nobody said. */
export const UNKNOWN_STEP = GIB / 16
