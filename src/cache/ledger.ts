import type { Index } from '../db/index.ts'
import type { Store } from '../store/store.ts'
import type { Annex } from './annex.ts'

/** What lies on disk, and what was promised to downloads, in bytes: blobs, parts, trash, quarantine and annex. */
export interface Ledger {
  used: number
  reserved: number
  /** Work during which rows, files and these numbers do not agree. */
  during<T>(work: () => Promise<T>): Promise<T>
  /**
   * Reads anew how much lies on disk; without effect unless it was quiet all the while. `force`: the old number is
   * certainly worse.
   */
  recount(force?: boolean): Promise<void>
}

export async function createLedger(deps: {
  index: Index
  store: Store
  annex: Pick<Annex, 'bytes'>
}): Promise<Ledger> {
  const { index, store, annex } = deps
  const count = async (blobs: number): Promise<number> => {
    const { bytes: trash } = await store.trashed()
    const aside = (await store.quarantined()).reduce((sum, file) => sum + file.bytes, trash)
    return blobs + aside + (await store.partBytes()) + (await annex.bytes())
  }
  let used = await count(index.bytes())
  let changes = 0
  let busy = 0
  const ledger: Ledger = {
    get used() {
      return used
    },
    set used(bytes) {
      changes++
      used = bytes
    },
    reserved: 0,
    during: async (work) => {
      busy++
      try {
        return await work()
      } finally {
        busy--
        changes++
      }
    },
    recount: async (force = false) => {
      const before = changes
      const now = await count(await index.clerk.ask('bytes', undefined))
      const isQuiet = changes === before && busy === 0 && ledger.reserved === 0
      if (isQuiet || force) used = now
    },
  }
  return ledger
}
