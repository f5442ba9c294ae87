import type { Edge } from '../db/edges.ts'
import type { NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, isSha256, type Sha256 } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'
import type { Part } from '../store/part.ts'
import type { Store } from '../store/store.ts'
import type { OriginHead } from '../upstream/origin.ts'
import type { Budgets } from './budgets.ts'
import type { Pinned } from './pinned.ts'
import { isTrouble } from './trouble.ts'
import type { Want } from './want.ts'

export interface Landed {
  readonly part: Part
  readonly digest: Sha256
  /** Every name that gets an entry. */
  readonly names: readonly Want[]
  readonly answer: OriginHead | undefined
  readonly edges?: readonly Edge[]
}

/** As `Landed`, for content that an archive brought, or that is here already under other names (`part` undefined). */
export type Brought = Omit<Landed, 'part'> & { readonly part: Part | undefined }

export interface Landing {
  /**
   * Makes verified content permanent and returns by how many bytes the blobs grew on disk; undefined when disk
   * or index refuse, which is reported.
   */
  land(landed: Landed): Promise<number | undefined>
  /**
   * The same for content that no upstream sent, all of it in one transaction. Returns by how many bytes the blobs grew;
   * rejects where disk or index refuse, and where something that should be here has left: then nothing is changed.
   */
  bring(all: readonly Brought[]): Promise<number>
  /**
   * A crash between rename and commit leaves a file without a row: it becomes the part `id` again. Returns by
   * how many bytes the parts grew on disk.
   */
  reclaim(digest: Digest | undefined, id: string): Promise<number>
}

/** Where an answer came from, beside its headers: no header has such a name. */
const SOURCE = ':upstream'
/** Beside the headers of what an archive brought: its upstream need not have it. Stays until that sends something else. */
export const IMPORTED = ':imported'

/** The upstream that what is known of a name came from. */
export function sourceOf(key: EntryKey, entry: Pick<NewEntry, 'headers'> | undefined): string | undefined {
  return entry === undefined ? undefined : (entry.headers[SOURCE] ?? key.upstream)
}

/** Whether an archive brought it, and no upstream anything else since. */
export function isImported({ headers }: Pick<NewEntry, 'headers'>): boolean {
  return headers[IMPORTED] !== undefined
}

/** The headers that an entry keeps for clients. */
export function headersOf({ headers }: Pick<NewEntry, 'headers'>): Readonly<Record<string, string>> {
  if (headers[SOURCE] === undefined && headers[IMPORTED] === undefined) return headers
  const { [SOURCE]: _source, [IMPORTED]: _imported, ...rest } = headers
  return rest
}

/** What a file without an ETag is confirmed by is kept with it. */
function namesKept(want: Want): readonly string[] {
  return want.key.kind === 'file' ? [...want.keepHeaders, 'last-modified'] : want.keepHeaders
}

/**
 * A header of an answer, else of the last redirect before it that had it. Where a redirect that was followed led is
 * nobody's business: such addresses are signed.
 */
function headerIn(answer: OriginHead | undefined, name: string): string | undefined {
  const own = answer?.headers[name]
  if (own !== undefined || name === 'location') return own
  return answer?.hops?.findLast((hop) => hop[name] !== undefined)?.[name]
}

/** What an upstream's answer says about content, as an entry of `want`. */
export function entryOf(
  want: Want,
  answer: OriginHead | undefined,
  facts: { digest: Sha256; size: number; now: number },
): NewEntry {
  const headers: Record<string, string> = {}
  for (const name of namesKept(want)) {
    const value = headerIn(answer, name)
    if (value !== undefined) headers[name] = value
  }
  if (want.request.upstream !== want.key.upstream) headers[SOURCE] = want.request.upstream
  return {
    digest: facts.digest,
    size: facts.size,
    mediaType: answer?.contentType,
    etag: answer?.etag,
    headers,
    fetchedAt: facts.now,
    checkedAt: facts.now,
  }
}

/** The keys that content fetched for `want` answers: its name and, for a pointing name, its digest. */
export function keysOf(want: Want, digest: Digest): readonly EntryKey[] {
  const direct = want.byDigest?.(digest).key
  return direct === undefined ? [want.key] : [want.key, direct]
}

/**
 * The order of effects: file synced, then rename and rows in one transaction. SQLite's write lock is the only
 * lock, so landing and leaving of one digest never interleave, not even across processes.
 */
export function createLanding(deps: {
  index: Index
  store: Store
  clock: Clock
  budgets: Budgets
  pinned: Pinned
  report: (error: unknown) => void
}): Landing {
  const { index, store, clock } = deps
  const commit = ({ part, digest, names, answer, edges }: Brought): number => {
    const now = clock()
    const replaced = index.blobs.find(digest)
    const size = part?.size ?? replaced?.size
    if (size === undefined) throw new Error(`${digest} left while it was brought`)
    if (part !== undefined) index.blobs.add({ digest, size, stamp: store.place(part, digest), at: now })
    if (replaced === undefined) deps.budgets.arrives(digest, size)
    if (edges !== undefined) index.edges.put(digest, edges)
    index.entries.arrived(digest)
    // Layers that were here before their manifest are pinned with it.
    if (index.blobs.standing(digest)?.pinned === true) index.pins.mark([digest])
    for (const want of names) {
      const entry = entryOf(want, answer, { digest, size, now })
      deps.budgets.gains(want.key.upstream, digest, size)
      for (const key of keysOf(want, want.digest ?? digest)) {
        index.entries.put(key, entry)
        deps.pinned.noticed(key, digest)
      }
    }
    return onDisk(size) - onDisk(replaced?.size ?? 0)
  }
  /** The rename is no part of what SQLite rolls back: without its row the file would lie there uncounted. */
  const takeBack = async (digest: Sha256): Promise<void> => {
    try {
      await index.transact(() => {
        if (index.blobs.find(digest) === undefined) store.retire(digest)
      })
      await store.emptyTrash()
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.report(error)
    }
  }
  /** For people: what upstreams sent. */
  const countFetched = ({ part, names: [first] }: Landed): void => {
    if (first === undefined) return
    const { frontEnd, upstream } = first.key
    index.usage.note({ frontEnd, upstream, outcome: 'fetched', bytes: part.size, at: clock() })
  }
  return {
    land: async (landed) => {
      try {
        await landed.part.sync()
        const grown = await index.transact(() => commit(landed))
        countFetched(landed)
        return grown
      } catch (error) {
        await takeBack(landed.digest)
        if (!isTrouble(error)) throw error
        deps.report(error)
        return undefined
      }
    },
    bring: async (all) => {
      try {
        return await index.transact(() => all.reduce((sum, one) => sum + commit(one), 0))
      } catch (error) {
        for (const { part, digest } of all) if (part !== undefined) await takeBack(digest)
        throw error
      }
    },
    reclaim: async (digest, id) => {
      if (digest === undefined || !isSha256(digest) || !store.hasFile(digest)) return 0
      return await index.transact(() =>
        index.blobs.find(digest) === undefined ? store.reclaim(digest, id) : 0,
      )
    },
  }
}
