import type { EvictedName, EvictionRow } from '../db/evictions.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { Budgets } from './budgets.ts'
import type { Departures } from './departures.ts'
import type { Leaving, Left } from './leaving.ts'
import type { Pinned } from './pinned.ts'
import type { Removal } from './removal.ts'
import { createTake, PAGE, sum, type Take } from './taking.ts'

export interface Undone {
  readonly images: number
  readonly files: number
  /** On disk, of what would have gone. */
  readonly bytes: number
  /** Those whose budgets hold more again. */
  readonly upstreams: readonly string[]
}

/**
 * Evictions with a way back. Their names move into tables of their own, their content stays where it is and counts as
 * used, until its time is over or somebody needs the room.
 */
export interface Undo {
  /** For whoever looks and then takes out: nobody else evicts, frees or undoes meanwhile. Ask nothing else of this then. */
  taking<T>(work: (take: Take) => Promise<T>): Promise<T>
  /** Newest first, those that are over included. */
  list(): readonly EvictionRow[]
  /** Undefined where there is no such eviction, or it is too late. Names that exist again stay as they are now. */
  undo(id: string): Promise<Undone | undefined>
  /** Frees what one eviction keeps, or all of them do. What other evictions keep as well stays. */
  free(id?: string): Promise<Left>
  /** Frees what is past its time. Call it now and then. */
  expire(): Promise<void>
  /** Frees whole evictions, those first whose time is over first, until so many bytes are gone. */
  makeRoom(bytes: number): Promise<Left>
  /** Settles when nothing is under way. */
  settled(): Promise<void>
}

const NOTHING: Left = { objects: 0, bytes: 0 }

export function createUndo(deps: {
  index: Index
  budgets: Budgets
  pinned: Pinned
  leaving: Leaving
  departures: Pick<Departures, 'note'>
  removal: Pick<Removal, 'carryOut'>
  clock: Clock
}): Undo {
  const { index, leaving, departures, clock } = deps
  const { inTurn, settled } = createTurn()
  const release = createRelease(index, leaving)
  const putBack = createPutBack(deps)
  const take = createTake(deps)

  const undo = async (id: string): Promise<Undone | undefined> => {
    const row = index.evictions.find(id)
    if (row?.until === undefined || row.until <= clock()) return undefined
    const upstreams = new Set<string>()
    const passed: EvictedName[] = []
    for (let left = PAGE; left === PAGE; ) {
      const page = await index.transact(() => {
        const names = index.evictions.names(id, PAGE)
        passed.push(...names.filter((name) => !putBack(id, name)))
        return names
      })
      for (const { key } of page) upstreams.add(key.upstream)
      left = page.length
    }
    await index.transact(() => {
      for (const tag of passed.filter(isTag)) index.evictions.noteReplaced(tag, clock())
      index.evictions.remove(id)
    })
    return { images: row.images, files: row.files, bytes: row.bytes, upstreams: [...upstreams] }
  }

  const releaseUntil = (isEnough: (gone: Left, row: EvictionRow) => boolean): Promise<Left> =>
    inTurn(async () => {
      let gone = NOTHING
      for (const row of index.evictions.open()) {
        if (isEnough(gone, row)) break
        gone = sum(gone, await release(row.id))
      }
      return gone
    })

  /** What room is made with is counted by whoever makes it. */
  const counted = async (work: Promise<Left>): Promise<Left> => {
    const gone = await work
    departures.note('evicted', gone)
    return gone
  }

  return {
    taking: (work) => inTurn(() => work(take)),
    list: () => index.evictions.list(),
    undo: (id) => inTurn(() => undo(id)),
    free: (id) =>
      counted(
        id === undefined
          ? releaseUntil(() => false)
          : inTurn(() => (index.evictions.find(id)?.until === undefined ? NOTHING : release(id))),
      ),
    expire: async () => {
      const now = clock()
      const [first] = index.evictions.open()
      if (first?.until !== undefined && first.until <= now)
        await counted(releaseUntil((_gone, { until = 0 }) => until > now))
    },
    makeRoom: (bytes) => {
      const isNone = index.evictions.open().length === 0
      return isNone ? Promise.resolve(NOTHING) : releaseUntil((gone) => gone.bytes >= bytes)
    },
    settled,
  }
}

/** One thing at a time: what is being moved is neither freed nor put back. */
function createTurn() {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => T | Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  return { inTurn, settled: async () => void (await last) }
}

/**
 * Ends one eviction, then lets its content go, then forgets it: whoever is killed in between goes on where it was. What
 * somebody reads stays for the next time.
 */
function createRelease(index: Index, leaving: Leaving): (id: string) => Promise<Left> {
  const isSpared = (digest: Sha256): boolean => index.evictions.isNeeded(digest)
  return async (id) => {
    await index.transact(() => index.evictions.end(id))
    let gone = NOTHING
    let stays = false
    let last: Sha256 | undefined
    for (;;) {
      const page = index.evictions.blobs(id, PAGE, last)
      if (page.length === 0) break
      gone = sum(gone, await leaving.leave(page, { spared: isSpared }))
      stays ||= page.some(({ digest }) => isLeftOver(index, digest))
      last = page.at(-1)?.digest
    }
    if (!stays) await index.transact(() => index.evictions.close(id))
    return gone
  }
}

/** It could have gone but for somebody who reads or has just read it. */
function isLeftOver({ blobs, evictions }: Index, digest: Sha256): boolean {
  const standing = blobs.standing(digest)
  if (standing === undefined || standing.pinned) return false
  return !evictions.holds(digest) && !evictions.isNeeded(digest)
}

function createPutBack({ index, budgets, pinned }: { index: Index; budgets: Budgets; pinned: Pinned }) {
  return (id: string, { key, digest, size }: EvictedName): boolean => {
    const isGone = index.entries.find(key) === undefined
    if (isGone && size !== undefined) {
      budgets.gains(key.upstream, digest, size)
      pinned.noticed(key, digest)
    }
    return index.evictions.restore(id, key)
  }
}

function isTag({ key }: EvictedName): boolean {
  return key.kind === 'manifest' && !key.ref.includes(':')
}
