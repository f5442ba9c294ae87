import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { isComplete, judgeCompleteness } from './completeness.ts'
import { gatherImages } from './gather.ts'
import { addUp, type RepositoryShare, type SharedBytes } from './shares.ts'
import { digestWindows } from './windows.ts'

/** What is known of one repository; it counts up while the ledger is made. */
export interface RepositoryFacts {
  /** "upstream/repository" */
  readonly name: string
  readonly id: number
  readonly frontEnd: string
  readonly upstream: string
  readonly repository: string
  total: number
  onlyHere: number
  firstCached: number
  lastUsed: number
  pulls: number
  tags: number
  images: number
  partial: number
  replaced: number
  gone: number
  moved: number
  pinned: boolean
  /** Cached of any of its images. */
  readonly platforms: Set<string>
}

export interface ImageFacts {
  readonly of: RepositoryFacts
  readonly digest: string
  /** All of them, with blanks between. */
  readonly tagList: string
  /** The first one, or the digest. */
  readonly ref: string
  readonly tags: number
  readonly mediaType: string | undefined
  readonly isComplete: boolean
  readonly replacedAt: number | undefined
  readonly goneAt: number | undefined
  readonly moved: boolean
  readonly pinned: boolean
  readonly total: number
  readonly onlyHere: number
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
  /** When it was made, as its config says; 0: it does not say, or nobody has looked yet. */
  readonly created: number
  /** Those that are cached, with blanks between. */
  readonly platforms: string
}

/** Every image and repository with its numbers, in the order of their names. */
export interface Ledger {
  readonly images: readonly ImageFacts[]
  readonly repositories: readonly RepositoryFacts[]
  readonly shared: readonly SharedBytes[]
}

const ROWS_PER_STEP = 2000

/**
 * Makes the ledger of the index at this moment, in steps of some milliseconds. Needs a connection of its own: it holds
 * a read transaction from the first step on, and its tables go when the connection is closed.
 */
export function* makeLedger(db: Db): Generator<void, Ledger> {
  db.exec('BEGIN')
  const windows = digestWindows(db)
  yield* gatherImages(db, windows)
  yield* judgeCompleteness(db, windows)
  const count = db.prepare<[], number>('SELECT count(*) FROM temp.image').pluck().get() ?? 0
  const { images: sums, repositories: shares, shared } = yield* addUp(db, { windows, images: count })
  const places = readRepositories(db, shares)
  yield
  const images: ImageFacts[] = []
  const read = prepareImages(db)
  for (let from = 0; from < count; from += ROWS_PER_STEP) {
    for (const row of read({ from, to: from + ROWS_PER_STEP })) {
      const of = places.get(row.place)
      if (of !== undefined) images.push(enter(row, of, sums))
    }
    yield
  }
  return { images, repositories: [...places.values()], shared }
}

/** Those of images that have something, by their places. */
function readRepositories(
  db: Db,
  shares: ReadonlyMap<number, RepositoryShare>,
): Map<number, RepositoryFacts> {
  const rows = db
    .prepare<[], { place: number; id: number; frontEnd: string; upstream: string; repository: string }>(
      `SELECT p.place, r.id, r.front_end AS frontEnd, r.upstream, r.name AS repository
         FROM temp.place p JOIN main.repositories r ON r.id = p.repository
        WHERE r.front_end = 'oci' ORDER BY p.place`,
    )
    .all()
  const places = new Map<number, RepositoryFacts>()
  for (const { place, ...row } of rows) {
    const share = shares.get(row.id)
    if (share === undefined) continue
    const { total, onlyHere, looseSince: firstCached, looseUsed: lastUsed } = share
    const counts = {
      pulls: 0,
      tags: 0,
      images: 0,
      partial: 0,
      replaced: 0,
      gone: 0,
      moved: 0,
      pinned: false,
      platforms: new Set<string>(),
    }
    const name = `${row.upstream}/${row.repository}`
    places.set(place, { name, ...row, total, onlyHere, firstCached, lastUsed, ...counts })
  }
  return places
}

interface Row {
  id: number
  place: number
  digest: Buffer
  tag: string | null
  tags: number
  tagList: string | null
  mediaType: string | null
  firstCached: number
  lastUsed: number
  pulls: number
  replacedAt: number | null
  goneAt: number | null
  moved: number
  pinned: number
  complete: number
  created: number | null
  platforms: string | null
}

function prepareImages(db: Db): (step: { from: number; to: number }) => readonly Row[] {
  const select = db.prepare<{ from: number; to: number }, Row>(
    `SELECT i.id, n.place, n.digest, n.tag, n.tags, n.tag_list AS tagList, n.media_type AS mediaType,
            n.first_cached AS firstCached, n.last_used AS lastUsed, n.pulls, n.replaced_at AS replacedAt, n.pinned,
            n.gone_at AS goneAt, n.moved,
            ${isComplete('n.digest')} AS complete, d.created, d.platform AS platforms
       FROM temp.image i CROSS JOIN temp.named n ON n.place = i.place AND n.digest = i.digest
            LEFT JOIN main.descriptions d ON d.digest = i.digest
      WHERE i.id > @from AND i.id <= @to ORDER BY i.id`,
  )
  // Thousands of images have one of a handful of types and platforms.
  const texts = new Map<string, string>()
  const once = (text: string): string => {
    const known = texts.get(text)
    if (known === undefined) texts.set(text, text)
    return known ?? text
  }
  return (step) => {
    const rows = select.all(step)
    for (const row of rows) {
      if (row.mediaType !== null) row.mediaType = once(row.mediaType)
      if (row.platforms !== null) row.platforms = once(row.platforms)
    }
    return rows
  }
}

function enter(
  row: Row,
  of: RepositoryFacts,
  sums: { total: Float64Array; onlyHere: Float64Array },
): ImageFacts {
  const image = factsOf(row, of, sums)
  of.images++
  of.tags += image.tags
  of.pulls += image.pulls
  of.firstCached = Math.min(of.firstCached, image.firstCached)
  of.lastUsed = Math.max(of.lastUsed, image.lastUsed)
  if (!image.isComplete) of.partial++
  if (image.replacedAt !== undefined) of.replaced++
  if (image.goneAt !== undefined) of.gone++
  if (image.moved) of.moved++
  if (image.pinned) of.pinned = true
  for (const platform of platformsIn(image)) of.platforms.add(platform)
  return image
}

function factsOf(
  row: Row,
  of: RepositoryFacts,
  sums: { total: Float64Array; onlyHere: Float64Array },
): ImageFacts {
  const digest = toSha256(row.digest)
  return {
    of,
    digest,
    tagList: row.tags > 1 ? (row.tagList ?? '') : (row.tag ?? ''),
    ref: row.tag ?? digest,
    tags: row.tags,
    mediaType: row.mediaType ?? undefined,
    isComplete: row.complete === 1,
    replacedAt: row.tags > 0 ? undefined : (row.replacedAt ?? undefined),
    goneAt: row.goneAt ?? undefined,
    moved: row.moved === 1,
    pinned: row.pinned === 1,
    total: sums.total[row.id] ?? 0,
    onlyHere: sums.onlyHere[row.id] ?? 0,
    firstCached: row.firstCached,
    lastUsed: row.lastUsed,
    pulls: row.pulls,
    created: row.created ?? 0,
    platforms: row.platforms ?? '',
  }
}

/** "linux/amd64", "linux/arm/v7" */
export function platformsIn({ platforms }: { readonly platforms: string }): readonly string[] {
  return platforms === '' ? [] : platforms.split(' ')
}
