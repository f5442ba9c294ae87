import type { Sha256 } from '../../domain/digest.ts'
import { toBytes, toRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { descriptionOf } from './described.ts'
import { DEEPEST } from './gather.ts'
import { GONE_AT, MOVED } from './news.ts'
import { type ImageName, removalSums } from './removal.ts'
import type { ImageRow } from './rows.ts'
import { prepareSharing } from './sharing.ts'

export interface ImageAsk {
  readonly frontEnd?: string
  readonly upstream: string
  readonly repository: string
  /** A tag or a digest. */
  readonly ref: string
}

export interface HeldBlob {
  readonly digest: Sha256
  /** Of the file; of what is not here, as its manifest claims. */
  readonly size: number
  readonly here: boolean
  /** Names of other repositories that have it, in order, at most ten; and how many there are. */
  readonly sharedWith: readonly string[]
  readonly shares: number
}

export interface ImageEdge {
  readonly parent: Sha256
  readonly child: Sha256
  /** As the parent claims. */
  readonly size: number
}

export interface ImageAccount {
  readonly row: ImageRow
  /** The manifest and everything below it, here or not. */
  readonly blobs: readonly HeldBlob[]
  readonly edges: readonly ImageEdge[]
}

const MOST_TAGS = 100

/** One image as it is now; undefined when there is no such name, or its manifest is not here. */
export function image(db: Db, ask: ImageAsk): ImageAccount | undefined {
  return db.transaction(() => accountOf(db, ask))()
}

/** Everything the named images have here. */
export function held(db: Db, { images }: { images: readonly ImageName[] }): readonly Sha256[] {
  const below = prepareBelow(db)
  const digests = new Set<Sha256>()
  for (const name of images) {
    const top = find(db, { ...name, ref: name.digest })
    if (top === undefined) continue
    for (const blob of below(top.digest)) if (blob.here === 1) digests.add(toSha256(blob.digest))
  }
  return [...digests]
}

function accountOf(db: Db, ask: ImageAsk): ImageAccount | undefined {
  const top = find(db, ask)
  if (top === undefined) return undefined
  const below = prepareBelow(db)(top.digest)
  const edges = edgesOf(db, below)
  const sharing = prepareSharing(db, top.repositoryId)
  const blobs = below.map((blob): HeldBlob => {
    const here = blob.here === 1
    const shared = here ? sharing(blob.digest) : { sharedWith: [], shares: 0 }
    return { digest: toSha256(blob.digest), size: blob.size, here, ...shared }
  })
  return { row: rowOf(db, top, { blobs, edges }), blobs, edges }
}

interface Top extends Required<Omit<ImageAsk, 'ref'>> {
  readonly repositoryId: number
  readonly digest: Buffer
  readonly pinned: number
}

/** The manifest that a name leads to, where it is here. */
function find(db: Db, { frontEnd = 'oci', upstream, repository, ref }: ImageAsk): Top | undefined {
  const row = prepared<
    [string, string, string, string | Buffer],
    { id: number; digest: Buffer; pinned: number }
  >(
    db,
    `SELECT r.id, e.digest, b.pinned
         FROM main.repositories r JOIN main.entries e ON e.repository = r.id AND e.kind = 'manifest'
              JOIN main.blobs b ON b.digest = e.digest
        WHERE r.front_end = ? AND r.upstream = ? AND r.name = ? AND e.ref = ?`,
  ).get(frontEnd, upstream, repository, toRef(ref))
  if (row === undefined) return undefined
  return { frontEnd, upstream, repository, repositoryId: row.id, digest: row.digest, pinned: row.pinned }
}

interface Below {
  digest: Buffer
  size: number
  here: number
}

function prepareBelow(db: Db): (digest: Buffer) => readonly Below[] {
  const select = prepared<[Buffer], Below>(
    db,
    `WITH RECURSIVE below (digest, claimed, depth) AS (
       SELECT ?, 0, 0 UNION
       SELECT e.child, e.size, depth + 1 FROM below CROSS JOIN main.edges e ON e.parent = below.digest
        WHERE depth < ${DEEPEST})
     SELECT w.digest, coalesce(b.size, max(w.claimed)) AS size, b.digest IS NOT NULL AS here
       FROM below w LEFT JOIN main.blobs b ON b.digest = w.digest
      GROUP BY w.digest ORDER BY min(w.depth), w.digest`,
  )
  return (digest) => select.all(digest)
}

function edgesOf(db: Db, below: readonly Below[]): readonly ImageEdge[] {
  const select = prepared<[Buffer], { parent: Buffer; child: Buffer; size: number }>(
    db,
    'SELECT parent, child, size FROM main.edges WHERE parent = ? ORDER BY child',
  )
  return below.flatMap(({ digest }) =>
    select
      .all(digest)
      .map(({ parent, child, size }) => ({ parent: toSha256(parent), child: toSha256(child), size })),
  )
}

interface Names {
  tags: string | null
  mediaType: string | null
  firstCached: number
  lastUsed: number
  pulls: number
  replacedAt: number | null
  goneAt: number | null
  moved: number
}

function rowOf(
  db: Db,
  top: Top,
  { blobs, edges }: { blobs: readonly HeldBlob[]; edges: readonly ImageEdge[] },
): ImageRow {
  const { frontEnd, upstream, repository, repositoryId, pinned } = top
  const digest = toSha256(top.digest)
  const names = namesOf(db, top)
  const tags = names.tags?.split(' ').sort() ?? []
  const { total, frees } = removalSums(db, { images: [{ frontEnd, upstream, repository, digest }] }, true)
  const place = `${upstream}/${repository}`
  const name = tags[0] === undefined ? `${place}@${digest}` : `${place}:${tags[0]}`
  const sizes = { total, onlyHere: frees, shared: total - frees }
  const { firstCached, lastUsed, pulls } = names
  return {
    name,
    frontEnd,
    upstream,
    repository,
    repositoryId,
    digest,
    ...sizes,
    firstCached,
    lastUsed,
    pulls,
    tags: tags.slice(0, MOST_TAGS),
    tagCount: tags.length,
    mediaType: names.mediaType ?? undefined,
    state: isComplete(digest, { blobs, edges, isIndex: createIndexLook(db) }) ? 'complete' : 'partial',
    replacedAt: tags.length > 0 ? undefined : (names.replacedAt ?? undefined),
    goneAt: names.goneAt ?? undefined,
    moved: names.moved === 1,
    ...descriptionOf(db, top.digest),
    pinned: pinned === 1,
  }
}

function namesOf(db: Db, { repositoryId, digest }: Top): Names {
  const row = prepared<[Buffer, number], Names>(
    db,
    `SELECT group_concat(CASE WHEN typeof(ref) = 'text' THEN ref END, ' ') AS tags, max(media_type) AS mediaType,
              min(created_at) AS firstCached, max(used_at) AS lastUsed, sum(pulls) AS pulls,
              max(replaced_at) AS replacedAt, ${GONE_AT} AS goneAt, ${MOVED} AS moved
         FROM main.entries e WHERE digest = ? AND repository = ? AND kind = 'manifest'`,
  ).get(digest, repositoryId)
  // An aggregate without GROUP BY always gives one row; the name was found before.
  return row as Names
}

function createIndexLook(db: Db): (digest: Sha256) => boolean {
  const select = prepared<unknown[]>(
    db,
    `SELECT 1 FROM main.entries WHERE digest = ? AND kind = 'manifest'
        AND (media_type LIKE '%.index.%' OR media_type LIKE '%.manifest.list.%') LIMIT 1`,
  )
  return (digest) => select.get(toBytes(digest)) !== undefined
}

/** As `judgeCompleteness` says it of all. */
function isComplete(
  top: Sha256,
  {
    blobs,
    edges,
    isIndex,
  }: { blobs: readonly HeldBlob[]; edges: readonly ImageEdge[]; isIndex: (digest: Sha256) => boolean },
): boolean {
  const here = new Set(blobs.filter((blob) => blob.here).map(({ digest }) => digest))
  const children = Map.groupBy(edges, ({ parent }) => parent)
  const judge = (digest: Sha256): boolean => {
    const all = (children.get(digest) ?? []).map(({ child }) => child)
    const present = all.filter((child) => here.has(child))
    if (!isIndex(digest) && !all.some((child) => children.has(child))) return present.length === all.length
    return present.length > 0 && present.every(judge)
  }
  return judge(top)
}
