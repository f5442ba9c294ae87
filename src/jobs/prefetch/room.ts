import { onDisk } from '../../domain/blocks.ts'
import type { Digest } from '../../domain/digest.ts'
import { because } from '../../domain/reasons.ts'
import { formatBytes } from '../../domain/units.ts'
import type { Held } from '../../domain/warming.ts'
import { Leave } from './leave.ts'
import type { PrefetchReport } from './report.ts'

export type Holds = PrefetchReport['holds']

/** What lists may hold of the disk: less than an eviction leaves, so that none of them ever evicts itself. */
export interface ListRoom {
  /** Throws Leave where these do not fit beside what the lists hold already. */
  requireRoom(upstream: string, blobs: readonly Held[]): void
  /** They are here for this list. */
  hold(upstream: string, blobs: readonly Held[]): void
  /** Bytes of the disk by upstream, each blob once. */
  holds(): Holds
}

export interface ListRoomDeps {
  /** Bytes that lists may hold in all, or ("docker.io") of one upstream; 0: no limit. */
  readonly most: (upstream?: string) => number
  /** What other lists held when they ran last. */
  readonly others: Holds
  /** What is pinned stays anyway, and takes no room of lists. */
  readonly isPinned: (digest: Digest) => boolean
}

export function createListRoom({ most, others, isPinned }: ListRoomDeps): ListRoom {
  const all = createShare(others)
  const shares = new Map<string, Share>()
  const shareOf = (upstream: string): Share => {
    const share = shares.get(upstream) ?? createShare(others.filter((one) => one.upstream === upstream))
    shares.set(upstream, share)
    return share
  }
  const unpinned = (blobs: readonly Held[]): readonly Held[] =>
    blobs.filter(({ digest }) => !isPinned(digest))
  return {
    requireRoom: (upstream, needed) => {
      const blobs = unpinned(needed)
      requireIn(all, blobs, { most: most(), ends: '' })
      requireIn(shareOf(upstream), blobs, { most: most(upstream), ends: upstream })
    },
    hold: (upstream, held) => {
      const blobs = unpinned(held)
      all.add(blobs)
      shareOf(upstream).add(blobs)
    },
    holds: () => [...shares].map(([upstream, share]) => ({ upstream, bytes: share.own() })),
  }
}

interface Share {
  /** Bytes that these would add. */
  lacking(blobs: readonly Held[]): number
  add(blobs: readonly Held[]): void
  /** Of this list. */
  own(): number
  /** Of all lists. */
  total(): number
}

function createShare(others: Holds): Share {
  const known = new Set<Digest>()
  const before = others.reduce((sum, { bytes }) => sum + bytes, 0)
  let own = 0
  const fresh = (blobs: readonly Held[]): readonly Held[] => blobs.filter(({ digest }) => !known.has(digest))
  return {
    lacking: (blobs) => sumOf(fresh(blobs)),
    add: (blobs) => {
      own += sumOf(fresh(blobs))
      for (const { digest } of blobs) known.add(digest)
    },
    own: () => own,
    total: () => own + before,
  }
}

/** What would not fit even alone says nothing of the others. */
function requireIn(
  share: Share,
  blobs: readonly Held[],
  limit: { readonly most: number; readonly ends: string },
): void {
  const { most, ends } = limit
  const lacking = share.lacking(blobs)
  if (most === 0 || lacking === 0 || share.total() + lacking <= most) return
  const room = formatBytes(Math.max(0, most - share.total()))
  const why = because('prefetch_room', { bytes: formatBytes(lacking), most: formatBytes(most), room })
  throw new Leave(why, sumOf(blobs) > most ? undefined : ends)
}

function sumOf(blobs: readonly Held[]): number {
  const unique = new Map(blobs.map(({ digest, size }) => [digest, size]))
  return [...unique.values()].reduce((sum, size) => sum + onDisk(size), 0)
}
