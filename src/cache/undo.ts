import { randomBytes } from 'node:crypto'
import type { Removal as Account, ImageName, RemovedName } from '../db/accounts/removal.ts'
import type { EvictedName, EvictionRow } from '../db/evictions.ts'
import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { Budgets } from './budgets.ts'
import type { Leaving, Left } from './leaving.ts'
import type { Pinned } from './pinned.ts'
import type { Removal } from './removal.ts'

/** Milliseconds during which an eviction can be undone. */
export const UNDO_FOR = 10 * MINUTE

/** What people want to know of an eviction. */
export interface EvictionFacts {
  /** As principals are written. */
  readonly who: string
  /** Images. */
  readonly names: readonly string[]
}

export interface Undone {
  readonly images: number
  /** On disk, of what would have gone. */
  readonly bytes: number
  /** Those whose budgets hold more again. */
  readonly upstreams: readonly string[]
}

/** What became of an account. */
export interface Taken {
  /** Undefined where nothing of it was still so. */
  readonly row: EvictionRow | undefined
  /** Images of it that had changed meanwhile. */
  readonly stayed: readonly ImageName[]
}

/** Takes away what an account says, as far as it is still so, and writes down what that was. */
export interface Take {
  /** With a way back. */
  keep(account: Account, facts: EvictionFacts): Promise<Taken>
  /** For good. */
  drop(account: Account, facts: EvictionFacts): Promise<Taken>
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

/** Names moved, and blobs looked at, in one transaction. */
const PAGE = 200
/** Names that are remembered for people. */
const MOST_NAMES = 100
const NOTHING: Left = { objects: 0, bytes: 0 }

export function createUndo(deps: {
  index: Index
  budgets: Budgets
  pinned: Pinned
  leaving: Leaving
  removal: Pick<Removal, 'carryOut'>
  clock: Clock
}): Undo {
  const { index, leaving, clock } = deps
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
    return { images: row.images, bytes: row.bytes, upstreams: [...upstreams] }
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

  return {
    taking: (work) => inTurn(() => work(take)),
    list: () => index.evictions.list(),
    undo: (id) => inTurn(() => undo(id)),
    free: (id) =>
      id === undefined
        ? releaseUntil(() => false)
        : inTurn(() => (index.evictions.find(id)?.until === undefined ? NOTHING : release(id))),
    expire: async () => {
      const now = clock()
      const [first] = index.evictions.open()
      if (first?.until !== undefined && first.until <= now)
        await releaseUntil((_gone, { until = 0 }) => until > now)
    },
    makeRoom: (bytes) => {
      const isNone = index.evictions.open().length === 0
      return isNone ? Promise.resolve(NOTHING) : releaseUntil((gone) => gone.bytes >= bytes)
    },
    settled,
  }
}

function createTake({
  index,
  budgets,
  removal,
  clock,
}: {
  index: Index
  budgets: Budgets
  removal: Pick<Removal, 'carryOut'>
  clock: Clock
}): Take {
  const rowOf = (
    { who, names }: EvictionFacts,
    left: Left & { images: number; until: number | undefined },
  ) => {
    const row = { id: freeId(index), at: clock(), who, names: names.slice(0, MOST_NAMES), ...left }
    return index.transact(() => index.evictions.add(row)).then((): EvictionRow => row)
  }

  const keep: Take['keep'] = async ({ entries, images, digests, frees }, facts) => {
    if (entries.length === 0) return { row: undefined, stayed: images }
    const until = clock() + UNDO_FOR
    const left = { images: images.length, objects: digests.length, bytes: frees, until }
    // First, so that whatever moves belongs to something that can be undone.
    const row = await rowOf(facts, left)
    const moved: RemovedName[] = []
    for (let at = 0; at < entries.length; at += PAGE) {
      const page = entries.slice(at, at + PAGE)
      await index.transact(() => {
        for (const name of page)
          if (budgets.dropping(name, () => index.evictions.move(row.id, name, name.digest))) moved.push(name)
      })
    }
    if (moved.length === entries.length) return { row, stayed: [] }
    const stayed = stayedOf(images, moved)
    return { row: await correct(row, moved.length === 0 ? 0 : images.length - stayed.length), stayed }
  }

  /** Somebody else took some of it, or it changed. Undefined where none of it moved. */
  const correct = async (row: EvictionRow, images: number): Promise<EvictionRow | undefined> => {
    const really = { ...row, ...sumOf(index, row.id), images }
    const isNone = index.evictions.names(row.id, 1).length === 0
    await index.transact(() => (isNone ? index.evictions.remove(row.id) : index.evictions.correct(really)))
    return isNone ? undefined : really
  }

  const drop: Take['drop'] = async (account, facts) => {
    const { objects, bytes, dropped } = await removal.carryOut(account)
    const stayed = stayedOf(account.images, dropped)
    if (dropped.length === 0) return { row: undefined, stayed }
    const images = account.images.length - stayed.length
    return { row: await rowOf(facts, { objects, bytes, images, until: undefined }), stayed }
  }

  return { keep, drop }
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
      gone = sum(gone, await leaving.leave(page, undefined, isSpared))
      stays ||= page.some(({ digest }) => isLeftOver(index, digest))
      last = page.at(-1)?.digest
    }
    if (!stays) await index.transact(() => index.evictions.close(id))
    return gone
  }
}

/** Bytes and blobs that go when the time of an eviction is over, as it looks now. */
function sumOf({ blobs, evictions }: Index, id: string): Left {
  let sums = NOTHING
  for (let last: Sha256 | undefined, page; (page = evictions.blobs(id, PAGE, last)).length > 0; ) {
    const going = page.filter(
      ({ digest }) => !evictions.isNeeded(digest) && blobs.standing(digest)?.pinned === false,
    )
    for (const { size } of going) sums = sum(sums, { objects: 1, bytes: onDisk(size) })
    last = page.at(-1)?.digest
  }
  return sums
}

/** Images of which no name went. */
function stayedOf(images: readonly ImageName[], went: readonly RemovedName[]): readonly ImageName[] {
  const keyOf = ({ upstream, repository, digest }: ImageName): string => `${upstream}/${repository}@${digest}`
  const gone = new Set(went.filter(({ kind }) => kind === 'manifest').map(keyOf))
  return images.filter((image) => !gone.has(keyOf(image)))
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

/** Short enough to type. */
function freeId(index: Index): string {
  for (;;) {
    const id = randomBytes(3).toString('hex')
    if (index.evictions.find(id) === undefined) return id
  }
}

function sum(a: Left, b: Left): Left {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes }
}
