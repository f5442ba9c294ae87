import { randomBytes } from 'node:crypto'
import type { Removal as Account, ImageName, RemovedName } from '../db/accounts/removal.ts'
import type { EvictionRow } from '../db/evictions.ts'
import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import { type Clock, MINUTE } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { fileText, keptWith, type WholeFileName } from '../domain/file-names.ts'
import type { Budgets } from './budgets.ts'
import type { Departures } from './departures.ts'
import type { Left } from './leaving.ts'
import type { Removal } from './removal.ts'

/** Milliseconds during which an eviction can be undone. */
export const UNDO_FOR = 10 * MINUTE

/** What people want to know of an eviction. */
export interface EvictionFacts {
  /** As principals are written. */
  readonly who: string
  /** Images and files. */
  readonly names: readonly string[]
}

/** What became of an account. */
export interface Taken {
  /** Undefined where nothing of it was still so. */
  readonly row: EvictionRow | undefined
  /** What of it had changed meanwhile. */
  readonly stayed: Stayed
}

export interface Stayed {
  readonly images: readonly ImageName[]
  readonly files: readonly WholeFileName[]
}

/** Takes away what an account says, as far as it is still so, and writes down what that was. */
export interface Take {
  /** With a way back. */
  keep(account: Account, facts: EvictionFacts): Promise<Taken>
  /** For good. */
  drop(account: Account, facts: EvictionFacts): Promise<Taken>
  /** Writes down what went in another way, of which nothing is kept. */
  note(went: { readonly files: number; readonly bytes: number }, facts: EvictionFacts): Promise<EvictionRow>
}

/** Names moved, and blobs looked at, in one transaction. */
export const PAGE = 200
/** Names that are remembered for people. */
const MOST_NAMES = 100
const NOTHING: Left = { objects: 0, bytes: 0 }

export function createTake({
  index,
  budgets,
  departures,
  removal,
  clock,
}: {
  index: Index
  budgets: Budgets
  departures: Pick<Departures, 'note'>
  removal: Pick<Removal, 'carryOut'>
  clock: Clock
}): Take {
  const rowOf = (
    { who, names }: EvictionFacts,
    left: Left & { images: number; files: number; until: number | undefined },
  ) => {
    const row = { id: freeId(index), at: clock(), who, names: names.slice(0, MOST_NAMES), ...left }
    return index.transact(() => index.evictions.add(row)).then((): EvictionRow => row)
  }

  const keep: Take['keep'] = async ({ entries, images, files, digests, frees }, facts) => {
    if (entries.length === 0) return { row: undefined, stayed: { images, files } }
    const until = clock() + UNDO_FOR
    const left = { images: images.length, files: files.length, objects: digests.length, bytes: frees, until }
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
    if (moved.length === entries.length) return { row, stayed: { images: [], files: [] } }
    const stayed = stayedOf({ images, files }, moved)
    return { row: await correct(row, countsOf({ images, files }, stayed)), stayed }
  }

  /** Somebody else took some of it, or it changed. Undefined where none of it moved. */
  const correct = async (
    row: EvictionRow,
    counts: { images: number; files: number },
  ): Promise<EvictionRow | undefined> => {
    const really = { ...row, ...sumOf(index, row.id), ...counts }
    const isNone = index.evictions.names(row.id, 1).length === 0
    await index.transact(() => (isNone ? index.evictions.remove(row.id) : index.evictions.correct(really)))
    return isNone ? undefined : really
  }

  const drop: Take['drop'] = async (account, facts) => {
    const { objects, bytes, dropped } = await removal.carryOut(account)
    departures.note('removed', { objects, bytes })
    const stayed = stayedOf(account, dropped)
    if (dropped.length === 0) return { row: undefined, stayed }
    const counts = countsOf(account, stayed)
    return { row: await rowOf(facts, { objects, bytes, ...counts, until: undefined }), stayed }
  }

  const note: Take['note'] = ({ files, bytes }, facts) => {
    departures.note('removed', { objects: files, bytes })
    return rowOf(facts, { images: 0, files, objects: files, bytes, until: undefined })
  }

  return { keep, drop, note }
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

/** What of it no name went of. */
function stayedOf({ images, files }: Stayed, went: readonly RemovedName[]): Stayed {
  const keyOf = ({ upstream, repository, digest }: ImageName): string => `${upstream}/${repository}@${digest}`
  const gone = new Set(went.filter(({ kind }) => kind === 'manifest').map(keyOf))
  const goneFiles = new Set(went.map(keptWith).map((file) => (file === undefined ? '' : fileText(file))))
  return {
    images: images.filter((image) => !gone.has(keyOf(image))),
    files: files.filter((file) => !goneFiles.has(fileText(file))),
  }
}

/** What went. */
function countsOf({ images, files }: Stayed, stayed: Stayed): { images: number; files: number } {
  return { images: images.length - stayed.images.length, files: files.length - stayed.files.length }
}

/** Short enough to type. */
function freeId(index: Index): string {
  for (;;) {
    const id = randomBytes(3).toString('hex')
    if (index.evictions.find(id) === undefined) return id
  }
}

export function sum(a: Left, b: Left): Left {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes }
}
