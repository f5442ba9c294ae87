import type { Sha256 } from '../../domain/digest.ts'
import { toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { type BlobList, sliceBlobs } from './blob-list.ts'
import { DEEPEST } from './gather.ts'
import { BLOCKS } from './plan-ask.ts'
import { type BareFile, createFileRows, createFiles, mirrorItem } from './plan-items-files.ts'
import type { PartName, Plan, PlannedItem, PlannedItems } from './plan-shape.ts'
import { findRepository } from './tagged.ts'

/** Nobody reads more. */
const MOST = 1000

type Found = Omit<Plan, 'items' | 'kept' | 'counts'>
type Reason = PlannedItem['reason']

interface Bare extends PartName {
  readonly reason: Reason
  readonly platform: string | undefined
}

/**
 * What goes as people know it: images, parts of such, files and mirrors, in the order in which they go. Blobs that belong
 * to none of them are none. Part of a plan, once everything is planned.
 */
export function itemsOf(db: Db, found: Found): PlannedItems {
  const shown: (Bare | BareFile | PlannedItem)[] = []
  let count = 0
  for (const item of allItems(db, found)) {
    count++
    if (shown.length < MOST) shown.push(item)
  }
  const imageOf = createRows(db)
  const fileItemOf = createFileRows(db)
  const items = shown.map((item) => ('of' in item ? item : 'file' in item ? fileItemOf(item) : imageOf(item)))
  return { items, count }
}

function* allItems(db: Db, found: Found): Generator<Bare | BareFile | PlannedItem> {
  for (const reason of ['replaced', 'untagged'] as const)
    for (const image of found[reason].images) yield { ...bare(image), reason, platform: undefined }
  for (const image of found.platform.images)
    yield { ...bare(image), reason: 'platform', platform: image.platform }
  const topsOf = createTops(db)
  const filesOf = createFiles(db)
  const contentOf = function* (blobs: BlobList, reason: Reason) {
    for (const digest of digestsIn(blobs)) {
      yield* topsOf(digest, reason)
      yield* filesOf(digest, reason)
    }
  }
  yield* contentOf(found.unused.blobs, 'unused')
  yield* found.unused.mirrors.map((mirror) => mirrorItem(mirror, 'unused'))
  for (const { blobs } of found.over) yield* contentOf(blobs, 'upstream')
  yield* contentOf(found.coldest.blobs, 'coldest')
  yield* found.coldest.mirrors.map((mirror) => mirrorItem(mirror, 'coldest'))
}

function* digestsIn(list: BlobList): Generator<Sha256> {
  for (let at = 0; at < list.sizes.length; at += MOST)
    for (const { digest } of sliceBlobs(list, at, at + MOST)) yield digest
}

function bare({ upstream, repository, digest }: PartName): PartName {
  return { upstream, repository, digest }
}

/** Manifests of a list that are no part of another one that goes. */
function createTops(db: Db): (digest: Sha256, reason: Reason) => Generator<Bare> {
  const select = db.prepare<[Buffer], { upstream: string; repository: string }>(
    `SELECT DISTINCT r.upstream, r.name AS repository
       FROM main.entries e CROSS JOIN main.repositories r ON r.id = e.repository
      WHERE e.digest = ? AND e.kind = 'manifest'
        AND NOT EXISTS (SELECT 1 FROM main.edges x CROSS JOIN temp.planned p ON p.digest = x.parent
                               CROSS JOIN main.entries n ON n.digest = x.parent AND n.repository = e.repository
                                                        AND n.kind = 'manifest'
                         WHERE x.child = e.digest)
      ORDER BY 1, 2`,
  )
  return function* (digest, reason) {
    for (const place of select.all(toBytes(digest))) yield { ...place, digest, reason, platform: undefined }
  }
}

interface Sums {
  total: number
  frees: number
}

function createRows(db: Db): (item: Bare) => PlannedItem {
  const sums = db.prepare<[Buffer], Sums>(
    `WITH RECURSIVE below (digest, depth) AS (
       SELECT ?, 0 UNION
       SELECT e.child, depth + 1 FROM below CROSS JOIN main.edges e ON e.parent = below.digest
        WHERE depth < ${DEEPEST})
     SELECT coalesce(sum(${BLOCKS}), 0) AS total,
            coalesce(sum(CASE WHEN p.digest IS NULL THEN 0 ELSE ${BLOCKS} END), 0) AS frees
       FROM (SELECT DISTINCT digest FROM below) w CROSS JOIN main.blobs b ON b.digest = w.digest
            LEFT JOIN temp.planned p ON p.digest = w.digest`,
  )
  const names = db.prepare<[Buffer, number], { tag: string | null; lastUsed: number | null }>(
    `SELECT min(CASE WHEN typeof(ref) = 'text' THEN ref END) AS tag, max(used_at) AS lastUsed
       FROM main.entries WHERE digest = ? AND repository = ? AND kind = 'manifest'`,
  )
  const partOf = createPartOf(db)
  return (item) => {
    const { upstream, repository, digest } = item
    const bytes = toBytes(digest)
    const id = findRepository(db, item) ?? -1
    const place = `${upstream}/${repository}`
    const { tag, lastUsed } = names.get(bytes, id) ?? { tag: null, lastUsed: null }
    return {
      of: 'image',
      ...item,
      name: tag === null ? `${place}@${digest}` : `${place}:${tag}`,
      partOf: item.reason === 'platform' ? partOf(bytes, { id, place }) : undefined,
      lastUsed: lastUsed ?? 0,
      // An aggregate without GROUP BY always gives one row.
      ...(sums.get(bytes) as Sums),
    }
  }
}

/** The name of an index that has it, by a tag where it has one. */
function createPartOf(db: Db) {
  const select = db.prepare<[Buffer, number], { tag: string | null; parent: Buffer }>(
    `SELECT CASE WHEN typeof(n.ref) = 'text' THEN n.ref END AS tag, x.parent
       FROM main.edges x CROSS JOIN main.entries n ON n.digest = x.parent AND n.kind = 'manifest'
      WHERE x.child = ? AND n.repository = ? ORDER BY tag IS NULL, tag, x.parent LIMIT 1`,
  )
  return (digest: Buffer, { id, place }: { id: number; place: string }): string | undefined => {
    const row = select.get(digest, id)
    if (row === undefined) return undefined
    return row.tag === null ? `${place}@${toSha256(row.parent)}` : `${place}:${row.tag}`
  }
}
