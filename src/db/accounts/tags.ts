import type { Condition } from '../../domain/condition.ts'
import { createGlob } from '../../domain/glob.ts'
import { fromRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { hasPlatform } from './conditions.ts'
import { image } from './image.ts'
import { needOf } from './kept.ts'
import { createKeptRows } from './kept-rows.ts'
import { type ImageFacts, platformsIn } from './ledger.ts'
import { type Listing, listPage } from './list.ts'
import { ledgerOf } from './lists.ts'
import { ledgerImages } from './places.ts'
import type { ListPage, Sizes, TimesOfUse } from './rows.ts'
import { tagOrderKey } from './tag-order.ts'
import { findRepository, tagsOf } from './tagged.ts'

export interface TagsAsk {
  readonly upstream: string
  readonly repository: string
  readonly conditions: readonly Condition[]
  /** "version" (newest first), "tag", "total", "onlyHere", "created", "lastUsed", "pulls"; "-" in front turns it. */
  readonly sort?: string
  readonly limit: number
  readonly cursor?: string
  /** As in other lists. */
  readonly since?: number | undefined
}

/** A manifest of an image, or the only one, and how much of it is here. */
export interface TagPart {
  readonly digest: string
  readonly state: 'complete' | 'partial' | 'absent'
}

export interface TagLine extends Sizes, TimesOfUse {
  readonly tag: string
  readonly digest: string
  readonly mediaType: string | undefined
  readonly isIndex: boolean
  readonly aliases: readonly string[]
  readonly parts: readonly TagPart[]
  /** When it was made, as its config says. */
  readonly created: number | undefined
  readonly checkedAt: number
  /** Since when the upstream does not have it any more. */
  readonly goneAt: number | undefined
  /** Where the upstream's tag leads by now. */
  readonly upstreamDigest: string | undefined
  readonly pinned: boolean
}

/** What tags are sorted and filtered by. */
interface Row {
  readonly tag: string
  readonly key: string
  /** Its place in the order of letters. */
  readonly letters: number
  readonly digest: string
  readonly facts: ImageFacts | undefined
  readonly pinned: boolean
  readonly gone: boolean
  readonly moved: boolean
  /** 0: nobody says. */
  readonly created: number
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
}

const MOST_ALIASES = 50
const MOST_PARTS = 64
/** Some of them may be hidden from whoever asks. */
const MOST_BESIDE = 200

const keptRows = createKeptRows<Row>()

/**
 * A page of the tags of one repository whose manifests are here. Order and sizes may be some seconds old, all else is of
 * this moment. Throws a RangeError for unknown columns and cursors.
 */
export function tags(db: Db, ask: TagsAsk): ListPage<TagLine> {
  const { value: ledger, asOf } = ledgerOf(db, needOf(ask))
  const repository = findRepository(db, ask)
  if (repository === undefined) return { items: [], total: 0, nextCursor: undefined, asOf }
  const known = ledgerImages(ledger, repository)
  const rows = keptRows(db, repository, {
    tag: String(asOf),
    since: ask.since,
    rows: () => readRows(db, repository, known),
  })
  const listing: Listing<Row> = { rows, columns: COLUMNS, keyOf: ({ key }) => [key] }
  const { sort = 'version', limit, cursor, conditions } = ask
  const page = listPage(
    listing,
    { conditions, sort: sort.replace('version', 'name'), limit, ...(cursor === undefined ? {} : { cursor }) },
    { asOf, matches: tagTest(ask), show: (row) => row },
  )
  const lineOf = createLines(db, { ...ask, id: repository })
  return { ...page, items: page.items.map(lineOf).filter((line) => line !== undefined) }
}

/** Tags on either side of one, in the order of versions, the nearest first; none where it is not there. */
export function beside(
  db: Db,
  { tag, ...place }: { upstream: string; repository: string; tag: string },
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const { value: ledger, asOf } = ledgerOf(db, false)
  const repository = findRepository(db, place)
  if (repository === undefined) return { before: [], after: [] }
  const known = ledgerImages(ledger, repository)
  const rows = keptRows(db, repository, { tag: String(asOf), rows: () => readRows(db, repository, known) })
  const at = rows.findIndex((row) => row.tag === tag)
  if (at < 0) return { before: [], after: [] }
  const tagsFrom = (from: number, to: number): readonly string[] =>
    rows.slice(Math.max(0, from), to).map((row) => row.tag)
  return {
    before: tagsFrom(at - MOST_BESIDE, at).toReversed(),
    after: tagsFrom(at + 1, at + 1 + MOST_BESIDE),
  }
}

const COLUMNS = {
  tag: (row: Row) => row.letters,
  total: (row: Row) => row.facts?.total ?? 0,
  onlyHere: (row: Row) => row.facts?.onlyHere ?? 0,
  created: (row: Row) => row.created,
  lastUsed: (row: Row) => row.lastUsed,
  pulls: (row: Row) => row.pulls,
}

function readRows(
  db: Db,
  repository: number,
  known: ReadonlyMap<string, ImageFacts> | undefined,
): readonly Row[] {
  // Text sorts before bytes: digests are not looked at, and tags come in the order of their letters.
  const rows = prepared<
    [number],
    {
      tag: string
      digest: Buffer
      cached: number
      used: number
      pulls: number
      pinned: number
      created: number
      gone: number
      moved: number
    }
  >(
    db,
    `SELECT e.ref AS tag, e.digest, e.created_at AS cached, e.used_at AS used, e.pulls, b.pinned,
            coalesce(d.created, 0) AS created, e.gone_at IS NOT NULL AS gone, e.moved_to IS NOT NULL AS moved
       FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
            LEFT JOIN main.descriptions d ON d.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' AND e.ref < x'' ORDER BY e.ref`,
  ).all(repository)
  const made = rows.map(
    ({ tag, digest, cached, used, pulls, pinned, created, gone, moved }, letters): Row => {
      const text = toSha256(digest)
      const uses = { firstCached: cached, lastUsed: used, pulls }
      const news = { gone: gone === 1, moved: moved === 1 }
      return {
        tag,
        key: tagOrderKey(tag),
        letters,
        digest: text,
        facts: known?.get(text),
        pinned: pinned === 1,
        created,
        ...news,
        ...uses,
      }
    },
  )
  return made.sort((a, b) => (a.key < b.key ? -1 : 1))
}

function tagTest({ conditions, upstream }: TagsAsk): (row: Row) => boolean {
  const tests = conditions.map((condition) => {
    const test = conditionTest(condition, upstream)
    return condition.not === true ? (row: Row) => !test(row) : test
  })
  return (row) => tests.every((test) => test(row))
}

function conditionTest(condition: Condition, upstream: string): (row: Row) => boolean {
  switch (condition.kind) {
    case 'name': {
      // In front of a word stands what may precede it in a whole name; a tag is all there is here.
      const matches = createGlob(condition.glob.replace(/^\*\*\//, ''))
      return ({ tag }) => matches(tag)
    }
    case 'idle':
      return ({ lastUsed }) => lastUsed < condition.before
    case 'used':
      return ({ lastUsed }) => lastUsed >= condition.after
    case 'older':
      return ({ firstCached }) => firstCached < condition.before
    case 'larger':
      return ({ facts }) => (facts?.[condition.of] ?? 0) > condition.bytes
    case 'smaller':
      return ({ facts }) => (facts?.[condition.of] ?? 0) < condition.bytes
    case 'fewer':
      return ({ pulls }) => pulls < condition.pulls
    case 'upstream':
      return () => upstream === condition.name
    case 'pinned':
      return ({ pinned }) => pinned
    case 'platform':
      return ({ facts }) => facts !== undefined && hasPlatform(platformsIn(facts), condition.name)
    case 'partial':
      return ({ facts }) => facts?.isComplete === false
    case 'complete':
      return ({ facts }) => facts?.isComplete === true
    case 'gone':
      return ({ gone }) => gone
    case 'moved':
      return ({ moved }) => moved
    case 'tagged':
      return () => true
    default:
      return () => false
  }
}

interface Entry {
  digest: Buffer
  mediaType: string | null
  checkedAt: number
  created: number | null
  firstCached: number
  lastUsed: number
  pulls: number
  pinned: number
  goneAt: number | null
  movedTo: Buffer | null
}

/** A row as it is now; undefined when the tag is gone. */
function createLines(db: Db, place: { upstream: string; repository: string; id: number }) {
  const find = prepared<[number, string], Entry>(
    db,
    `SELECT e.digest, e.media_type AS mediaType, e.checked_at AS checkedAt, e.created_at AS firstCached,
            e.used_at AS lastUsed, e.pulls, b.pinned, d.created,
            e.gone_at AS goneAt, e.moved_to AS movedTo
       FROM main.entries e JOIN main.blobs b ON b.digest = e.digest
            LEFT JOIN main.descriptions d ON d.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' AND e.ref = ?`,
  )
  const partsOf = createParts(db)
  return ({ tag, facts }: Row): TagLine | undefined => {
    const entry = find.get(place.id, tag)
    if (entry === undefined) return undefined
    const { mediaType, pinned, created, goneAt, movedTo, digest: bytes, ...rest } = entry
    const digest = toSha256(bytes)
    const isIndex = /\.index\.|\.manifest\.list\./.test(mediaType ?? '')
    const aliases = (tagsOf(db, place.id, bytes) ?? []).filter((other) => other !== tag)
    return {
      tag,
      digest,
      mediaType: mediaType ?? undefined,
      isIndex,
      aliases: aliases.slice(0, MOST_ALIASES),
      parts: partsOf(bytes, isIndex),
      ...rest,
      created: created ?? undefined,
      goneAt: goneAt ?? undefined,
      upstreamDigest: movedTo === null ? undefined : fromRef(movedTo),
      pinned: pinned === 1,
      ...sizesOf(db, place, facts?.digest === digest ? facts : digest),
    }
  }
}

/** What came after the lists were made is added up by itself. */
function sizesOf(
  db: Db,
  { upstream, repository }: { upstream: string; repository: string },
  known: ImageFacts | string,
): Sizes {
  const row = typeof known === 'string' ? image(db, { upstream, repository, ref: known })?.row : known
  const { total = 0, onlyHere = 0 } = row ?? {}
  return { total, onlyHere, shared: total - onlyHere }
}

function createParts(db: Db): (digest: Buffer, isIndex: boolean) => readonly TagPart[] {
  const lacks = (parent: string): string =>
    `EXISTS (SELECT 1 FROM main.edges x WHERE x.parent = ${parent}
                AND NOT EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = x.child))`
  const children = prepared<[Buffer], { digest: Buffer; here: number; lacking: number }>(
    db,
    `SELECT e.child AS digest, EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.child) AS here,
            ${lacks('e.child')} AS lacking
       FROM main.edges e WHERE e.parent = ? LIMIT ${MOST_PARTS}`,
  )
  const own = prepared<[Buffer], { digest: Buffer; here: number; lacking: number }>(
    db,
    `SELECT m.digest, 1 AS here, ${lacks('m.digest')} AS lacking FROM main.blobs m WHERE m.digest = ?`,
  )
  return (digest, isIndex) =>
    (isIndex ? children : own).all(digest).map(({ digest: part, here, lacking }) => {
      const state = here === 0 ? 'absent' : lacking === 1 ? 'partial' : 'complete'
      return { digest: toSha256(part), state }
    })
}
