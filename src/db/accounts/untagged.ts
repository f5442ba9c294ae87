import { parseDigest } from '../../domain/digest.ts'
import { toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { descriptionOf } from './described.ts'
import { DEEPEST } from './gather.ts'
import { image } from './image.ts'
import { createKeptRows } from './kept-rows.ts'
import { type Listing, listPage } from './list.ts'
import { ledgerOf, toImageRow } from './lists.ts'
import { ledgerImages } from './places.ts'
import { BLOCKS } from './plan-ask.ts'
import type { ImageRow, ListPage } from './rows.ts'
import { findRepository, tagsOf } from './tagged.ts'

export interface UntaggedAsk {
  readonly upstream: string
  readonly repository: string
  readonly limit: number
  readonly cursor?: string
}

export interface UntaggedRow extends ImageRow {
  /** Names of images there that it is a part of. */
  readonly parents: readonly string[]
}

interface Row {
  readonly digest: string
  readonly lastUsed: number
}

const MOST_PARENTS = 20

const keptRows = createKeptRows<Row>()

/** A page of what a repository has without a tag: parts of indexes, and images whose tag moved on or never was. */
export function untagged(db: Db, ask: UntaggedAsk): ListPage<UntaggedRow> {
  const asOf = 0
  const repository = findRepository(db, ask)
  if (repository === undefined) return { items: [], total: 0, nextCursor: undefined, asOf }
  const rows = keptRows(db, repository, { tag: '', rows: () => readRows(db, repository) })
  const listing: Listing<Row> = {
    rows,
    columns: { lastUsed: ({ lastUsed }) => lastUsed },
    keyOf: ({ digest }) => [digest],
  }
  const { limit, cursor } = ask
  const page = listPage(
    listing,
    { sort: '-lastUsed', limit, ...(cursor === undefined ? {} : { cursor }) },
    { asOf, matches: () => true, show: ({ digest }) => digest },
  )
  const rowOf = createRows(db, { ...ask, id: repository })
  const items = page.items.map(rowOf).filter((row) => row !== undefined)
  return { ...page, items }
}

function readRows(db: Db, repository: number): readonly Row[] {
  return prepared<[number], { digest: Buffer; lastUsed: number }>(
    db,
    `SELECT e.digest, max(e.used_at) AS lastUsed
       FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' GROUP BY e.digest
     HAVING sum(typeof(e.ref) = 'text') = 0 ORDER BY e.digest`,
  )
    .all(repository)
    .map(({ digest, lastUsed }) => ({ digest: toSha256(digest), lastUsed }))
}

interface Place {
  readonly upstream: string
  readonly repository: string
  readonly id: number
}

/** A row as it is now; undefined when it is gone, or has a tag by now. */
function createRows(db: Db, place: Place): (digest: string) => UntaggedRow | undefined {
  const images = ledgerImages(ledgerOf(db, false).value, place.id)
  return (digest) => {
    const parsed = parseDigest(digest)
    const bytes = parsed === undefined ? undefined : toBytes(parsed)
    if (bytes === undefined || tagsOf(db, place.id, bytes)?.length !== 0) return undefined
    const parents = parentsOf(db, place, bytes)
    if (parents.length > 0) return { ...partRow(db, place, bytes), parents }
    const facts = images?.get(digest)
    // What came after the lists were made is added up by itself.
    const row = facts === undefined ? image(db, { ...place, ref: digest })?.row : toImageRow(facts)
    return row === undefined ? undefined : { ...row, parents }
  }
}

interface Part {
  mediaType: string | null
  firstCached: number
  lastUsed: number
  pulls: number
  pinned: number
  total: number
  lacking: number
}

/** What is below a part goes with its parents: nothing is there for it alone. */
function partRow(db: Db, { upstream, repository, id }: Place, bytes: Buffer): ImageRow {
  // An aggregate without GROUP BY always gives one row.
  const part = prepared<{ digest: Buffer; id: number }, Part>(
    db,
    `WITH RECURSIVE below (digest, depth) AS (
       SELECT @digest, 0 UNION
       SELECT e.child, depth + 1 FROM below CROSS JOIN main.edges e ON e.parent = below.digest
        WHERE depth < ${DEEPEST}),
     held (bytes, here) AS (
       SELECT sum(${BLOCKS}), count(b.digest) = count(*)
         FROM (SELECT DISTINCT digest FROM below) w LEFT JOIN main.blobs b ON b.digest = w.digest)
     SELECT max(e.media_type) AS mediaType, min(e.created_at) AS firstCached, max(e.used_at) AS lastUsed,
            sum(e.pulls) AS pulls, (SELECT pinned FROM main.blobs WHERE digest = @digest) AS pinned,
            (SELECT bytes FROM held) AS total, (SELECT NOT here FROM held) AS lacking
       FROM main.entries e WHERE e.digest = @digest AND e.repository = @id AND e.kind = 'manifest'`,
  ).get({ digest: bytes, id }) as Part
  const { mediaType, pinned, total, lacking, ...uses } = part
  const digest = toSha256(bytes)
  const name = `${upstream}/${repository}@${digest}`
  return {
    name,
    frontEnd: 'oci',
    upstream,
    repository,
    repositoryId: id,
    digest,
    tags: [],
    tagCount: 0,
    mediaType: mediaType ?? undefined,
    state: lacking === 1 ? 'partial' : 'complete',
    ...descriptionOf(db, bytes),
    replacedAt: undefined,
    goneAt: undefined,
    moved: false,
    pinned: pinned === 1,
    total,
    onlyHere: 0,
    shared: total,
    ...uses,
  }
}

function parentsOf(db: Db, { upstream, repository, id }: Place, bytes: Buffer): readonly string[] {
  const rows = prepared<[Buffer, number], { parent: Buffer; tag: string | null }>(
    db,
    `SELECT x.parent, min(CASE WHEN typeof(p.ref) = 'text' THEN p.ref END) AS tag
       FROM main.edges x CROSS JOIN main.entries p ON p.digest = x.parent
      WHERE x.child = ? AND p.repository = ? AND p.kind = 'manifest' GROUP BY x.parent LIMIT ${MOST_PARENTS}`,
  ).all(bytes, id)
  const place = `${upstream}/${repository}`
  return rows.map(({ parent, tag }) => (tag === null ? `${place}@${toSha256(parent)}` : `${place}:${tag}`))
}
