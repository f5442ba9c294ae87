import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { Store } from '../store/store.ts'
import type { Budgets } from './budgets.ts'
import type { Hot } from './hot.ts'
import type { Ledger } from './ledger.ts'
import { writeUses } from './uses.ts'

/** Milliseconds that one slice of work may keep the event loop. */
const SLICE_MS = 6
/** The same where nobody waits for the room and somebody reads, and the rest before each such slice. */
const SHORT_SLICE_MS = 1.5
const REST_MS = 4

/** A blob as it was when it was chosen to leave. */
export interface Leaver {
  readonly digest: Sha256
  readonly size: number
  readonly usedAt: number
}

export interface Left {
  readonly objects: number
  /** On disk. */
  readonly bytes: number
}

export interface Bounds {
  /** Asked before each blob, with the bytes that went: whether that one and all after it stay. */
  readonly enough?: (gone: number) => boolean
  /** Whether this one stays. */
  readonly spared?: (digest: Sha256) => boolean
  /** Nobody waits for the room: it stands back behind whoever reads now. */
  readonly gentle?: boolean
}

export interface Leaving {
  /** Takes one blob out, rows first. Synchronous: belongs inside an immediate transaction. */
  take(blob: { readonly digest: Sha256; readonly size: number }): void
  /** Whether it may go now: nobody reads it, it is not pinned, was not used since, and no eviction waits for undo with it. */
  mayGo(blob: Leaver): boolean
  /**
   * Takes out what `mayGo` of these, in slices that keep nobody waiting, and settles when the disk is free of it. Takes the
   * usage down by what it freed.
   */
  leave(blobs: readonly Leaver[], bounds?: Bounds): Promise<Left>
  /** So many bytes on disk went into the trash with `take`; call it once the transaction is through. */
  took(bytes: number): void
  /** Empties the trash; what `took` told of is free then. */
  free(): Promise<void>
}

const NEVER = (): boolean => false

/** The one way out for content: rows away and the file into the trash in one transaction, the trash emptied outside. */
export function createLeaving(deps: {
  index: Index
  store: Store
  hot: Hot
  budgets: Budgets
  ledger: Ledger
}): Leaving {
  const { index, store, hot, budgets } = deps
  /** In the trash, but still on disk. */
  let pending = 0

  const take: Leaving['take'] = ({ digest, size }) => {
    budgets.loses(digest, size)
    index.blobs.remove(digest)
    store.retire(digest)
    hot.drop(digest)
  }

  const mayGo: Leaving['mayGo'] = ({ digest, usedAt }) => {
    const now = index.blobs.standing(digest)
    if (now === undefined || now.pinned || now.usedAt > usedAt || store.isHeld(digest)) return false
    return !index.evictions.holds(digest)
  }

  const isRead = (): boolean => store.held().length > 0

  /** As many as fit into one slice; returns how many were looked at. */
  const slice = async (
    blobs: readonly Leaver[],
    from: number,
    { enough = NEVER, spared = NEVER, gentle = false }: Bounds,
  ): Promise<Slice> => {
    const gone = await index.transact(() => {
      const until = performance.now() + (gentle && isRead() ? SHORT_SLICE_MS : SLICE_MS)
      let objects = 0
      let bytes = 0
      for (let at = from; at < blobs.length; at++) {
        const blob = blobs[at]
        if (blob === undefined || enough(bytes)) return { objects, bytes, at, done: true }
        if (mayGo(blob) && !spared(blob.digest)) {
          take(blob)
          objects++
          bytes += onDisk(blob.size)
        }
        if (performance.now() > until) return { objects, bytes, at: at + 1, done: false }
      }
      return { objects, bytes, at: blobs.length, done: true }
    })
    pending += gone.bytes
    return gone
  }

  const free = async (): Promise<void> => {
    const bytes = pending
    pending = 0
    try {
      await store.emptyTrash()
    } catch (error) {
      pending += bytes
      throw error
    }
    deps.ledger.used -= bytes
  }

  return {
    take,
    mayGo,
    free,
    took: (bytes) => {
      pending += bytes
    },
    leave: (blobs, bounds = {}) =>
      deps.ledger.during(() =>
        inSlices(blobs.length, free, async (at, before) => {
          // What came meanwhile is answered before each slice, and no two slices follow one another at once.
          await (bounds.gentle && isRead() ? sleep(REST_MS) : nextTurn())
          // What was used by now is young.
          writeUses(index)
          const enough = (now: number): boolean => bounds.enough?.(before + now) ?? false
          return await slice(blobs, at, { ...bounds, enough })
        }),
      ),
  }
}

/** What went in one slice, and where the next one begins, unless that was the last. */
interface Slice extends Left {
  readonly at: number
  readonly done: boolean
}

/** One slice after the other. The disk is busy with what went while rows of the next go; never more than one step ahead. */
async function inSlices(
  count: number,
  free: () => Promise<void>,
  slice: (at: number, gone: number) => Promise<Slice>,
): Promise<Left> {
  let [objects, bytes] = [0, 0]
  let freeing: Promise<void> | undefined
  try {
    for (let at = 0, done = count === 0; !done; ) {
      const gone = await slice(at, bytes)
      objects += gone.objects
      bytes += gone.bytes
      ;({ at, done } = gone)
      await freeing
      freeing = free()
      freeing.catch(() => undefined)
    }
    await freeing
  } finally {
    // What counts the disk waits for this to end, and the trash is no part of what is used.
    await freeing?.catch(() => undefined)
  }
  return { objects, bytes }
}
