import { type ListedBlob, sliceBlobs } from '../db/accounts/blob-list.ts'
import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Log } from '../domain/log.ts'
import { formatBytes } from '../domain/units.ts'
import type { Store } from '../store/store.ts'
import type { AnnexPlace } from './annex.ts'
import type { Budgets } from './budgets.ts'
import { createContentEviction, NOTHING, sum } from './content-eviction.ts'
import type { Departures } from './departures.ts'
import type { Leaving, Left } from './leaving.ts'
import type { Ledger } from './ledger.ts'
import type { Undo } from './undo.ts'
import { writeUses } from './uses.ts'

/** Blobs looked at in one go. */
const PAGE = 200

export interface Eviction {
  /**
   * Frees at least `bytes`, where that is possible: what waits for undo first, then what is quarantined, then the least
   * recently used blobs and mirrors, then parts that nobody continued. Returns what it freed.
   */
  evict(bytes: number): Promise<Left>
  /** As `evict`, among the names of one upstream: a blob that another one still needs stays on disk. */
  evictOf(upstream: string, bytes: number): Promise<Left>
}

export function createEviction(deps: {
  index: Index
  store: Store
  budgets: Budgets
  leaving: Leaving
  departures: Pick<Departures, 'note'>
  undo: Pick<Undo, 'makeRoom'>
  annex: Pick<AnnexPlace, 'coldest' | 'evict'>
  ledger: Ledger
  log: Log
}): Eviction {
  const { index, leaving, budgets } = deps
  const { fromQuarantine, fromParts } = createFileEviction(deps)
  const fromContent = createContentEviction(deps)

  const say = (gone: Left, why: { readonly upstream?: string }): Left => {
    deps.departures.note(why.upstream === undefined ? 'room' : 'budget', gone)
    if (gone.objects > 0) {
      const text = `evicted ${gone.objects} objects, ${formatBytes(gone.bytes)}`
      deps.log.info({ event: 'evict', objects: gone.objects, bytes: gone.bytes, ...why }, text)
    }
    return gone
  }

  /** Drops the names of one upstream for these blobs, in one transaction. */
  const release = async (upstream: string, blobs: readonly ListedBlob[], bytes: number): Promise<Left> => {
    let gone = NOTHING
    let freed = 0
    await index.transact(() => {
      gone = NOTHING
      freed = 0
      for (const blob of blobs) {
        if (gone.bytes >= bytes) break
        if (!leaving.mayGo(blob)) continue
        gone = sum(gone, { objects: 1, bytes: onDisk(blob.size) })
        budgets.released(upstream, blob.size)
        if (index.holdings.release(upstream, blob.digest)) continue
        leaving.take(blob)
        freed += onDisk(blob.size)
      }
    })
    leaving.took(freed)
    await leaving.free()
    return gone
  }

  const fromUpstream = async (upstream: string, bytes: number): Promise<Left> => {
    writeUses(index)
    const list = await index.clerk.ask('coldestOf', { upstream, bytes, held: deps.store.held() })
    let gone = NOTHING
    for (let at = 0; at < list.sizes.length && gone.bytes < bytes; at += PAGE)
      gone = sum(gone, await release(upstream, sliceBlobs(list, at, at + PAGE), bytes - gone.bytes))
    return gone
  }

  return {
    evict: (bytes) =>
      deps.ledger.during(async () => {
        let gone = await deps.undo.makeRoom(bytes)
        if (gone.bytes < bytes) gone = sum(gone, await fromQuarantine(bytes - gone.bytes))
        if (gone.bytes < bytes) gone = sum(gone, await fromContent(bytes - gone.bytes))
        if (gone.bytes < bytes) gone = sum(gone, await fromParts(bytes - gone.bytes))
        return say(gone, {})
      }),
    evictOf: (upstream, bytes) =>
      deps.ledger.during(async () => say(await fromUpstream(upstream, bytes), { upstream })),
  }
}

/** Files that the index knows nothing of. */
function createFileEviction(deps: { store: Store; ledger: Ledger }) {
  const { store } = deps

  const fromQuarantine = async (bytes: number): Promise<Left> => {
    let gone = NOTHING
    for (const file of await store.quarantined()) {
      if (gone.bytes >= bytes) break
      gone = sum(gone, { objects: 1, bytes: await store.dropQuarantined(file) })
    }
    deps.ledger.used -= gone.bytes
    return gone
  }

  const fromParts = async (bytes: number): Promise<Left> => {
    let gone = NOTHING
    for (const part of await store.parked()) {
      if (gone.bytes >= bytes) break
      gone = sum(gone, { objects: 1, bytes: await store.dropParked(part) })
    }
    deps.ledger.used -= gone.bytes
    return gone
  }

  return { fromQuarantine, fromParts }
}
