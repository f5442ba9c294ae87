import type { Sha256 } from '../../domain/digest.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toBytes, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { DEEPEST } from './gather.ts'
import { BLOCKS } from './plan-ask.ts'
import type { PartName } from './plan-shape.ts'
import type { RemovedName } from './removal.ts'
import { findRepository } from './tagged.ts'

/** What taking out parts of images means. Sizes are bytes on disk. */
export interface PartsRemoval {
  /** Names that go, and where they lead. */
  readonly entries: readonly RemovedName[]
  /** What leaves the disk. */
  readonly digests: readonly Sha256[]
  /** Of all that they hold. */
  readonly total: number
}

/**
 * - cut: manifests that their repositories need no longer, with all they hold alone, whatever index has them
 * - cut_under: what they hold; stays = 1: its repository needs it for something else
 */
const TABLES = `
  DROP TABLE IF EXISTS temp.cut; DROP TABLE IF EXISTS temp.cut_under;
  CREATE TEMP TABLE cut (repository INTEGER, digest BLOB, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
  CREATE TEMP TABLE cut_under (
    repository INTEGER, digest BLOB, depth INTEGER, stays INTEGER, PRIMARY KEY (repository, digest)) WITHOUT ROWID`

/**
 * What goes when repositories give up these manifests, at this moment. Unlike with whole images, indexes that have them
 * stay and count as needing the rest of theirs only.
 */
export function parts(db: Db, { images }: { images: readonly PartName[] }): PartsRemoval {
  return db.transaction(() => {
    db.exec(TABLES)
    fillCut(db, images)
    findUnder(db)
    const removal = { entries: namesOf(db), digests: freed(db), total: totalUnder(db) }
    db.exec('DROP TABLE temp.cut; DROP TABLE temp.cut_under')
    return removal
  })()
}

function totalUnder(db: Db): number {
  const bytes = db
    .prepare<[], number>(
      `SELECT coalesce(sum(${BLOCKS}), 0) FROM (SELECT DISTINCT digest FROM temp.cut_under) u
              CROSS JOIN main.blobs b ON b.digest = u.digest`,
    )
    .pluck()
    .get()
  return bytes ?? 0
}

function fillCut(db: Db, images: readonly PartName[]): void {
  const add = db.prepare(
    `INSERT OR IGNORE INTO temp.cut SELECT @id, @digest
      WHERE NOT EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = @digest AND b.pinned = 1)`,
  )
  const ids = new Map<string, number | undefined>()
  for (const { upstream, repository, digest } of images) {
    const place = `${upstream}/${repository}`
    if (!ids.has(place)) ids.set(place, findRepository(db, { upstream, repository }))
    const id = ids.get(place)
    if (id !== undefined) add.run({ id, digest: toBytes(digest) })
  }
}

function descend(db: Db): void {
  db.exec('INSERT INTO temp.cut_under SELECT repository, digest, 0, 0 FROM temp.cut')
  const below = db.prepare<{ depth: number }>(
    `INSERT OR IGNORE INTO temp.cut_under SELECT u.repository, e.child, @depth, 0
       FROM temp.cut_under u CROSS JOIN main.edges e ON e.parent = u.digest WHERE u.depth = @depth - 1`,
  )
  for (let depth = 1; depth <= DEEPEST; depth++) below.run({ depth })
}

const isCut = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM temp.cut c WHERE c.repository = ${repository} AND c.digest = ${digest})`

/** SQL: whether a manifest so many levels above `u.digest` has a name where nothing on the way is cut. */
function holds(levels: number, here: string): string {
  const steps = Array.from({ length: levels }, (_, i) => `e${i}`)
  const joins = steps.map((e, i) =>
    i === 0 ? `main.edges ${e}` : `main.edges ${e} ON ${e}.child = e${i - 1}.parent`,
  )
  const top = `e${levels - 1}.parent`
  const way = ['u.digest', ...steps.map((e) => `${e}.parent`)]
  return `EXISTS (
    SELECT 1 FROM ${joins.join(' CROSS JOIN ')}
           CROSS JOIN main.blobs nb ON nb.digest = ${top}
           CROSS JOIN main.entries n ON n.digest = ${top} AND n.kind = 'manifest' ${here}
     WHERE e0.child = u.digest AND ${way.map((digest) => `NOT ${isCut('n.repository', digest)}`).join(' AND ')})`
}

const isHeld = (here: string): string =>
  `(${Array.from({ length: DEEPEST }, (_, i) => holds(i + 1, here)).join(' OR ')})`

/** Whether a name of the same repository leads to `u.digest` as to a manifest that is not cut. */
const HAS_OWN_NAME = `EXISTS (
  SELECT 1 FROM main.entries n CROSS JOIN main.blobs nb ON nb.digest = n.digest
   WHERE n.digest = u.digest AND n.repository = u.repository AND n.kind = 'manifest')`

function findUnder(db: Db): void {
  descend(db)
  db.exec(
    `UPDATE temp.cut_under AS u SET stays =
       EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = u.digest AND b.pinned = 1)
       OR (NOT ${isCut('u.repository', 'u.digest')}
           AND (${HAS_OWN_NAME} OR ${isHeld('AND n.repository = u.repository')}))`,
  )
}

function freed(db: Db): readonly Sha256[] {
  return db
    .prepare<[], Buffer>(
      `SELECT b.digest FROM (SELECT digest, max(stays) AS stays FROM temp.cut_under GROUP BY digest) u
              CROSS JOIN main.blobs b ON b.digest = u.digest
        WHERE u.stays = 0 AND NOT ${isHeld('')}
          AND NOT EXISTS (
            SELECT 1 FROM main.entries e
             WHERE e.digest = u.digest
               AND CASE e.kind
                   WHEN 'manifest' THEN NOT ${isCut('e.repository', 'e.digest')}
                   WHEN 'blob' THEN NOT EXISTS (SELECT 1 FROM temp.cut_under o
                                                 WHERE o.repository = e.repository AND o.digest = e.digest AND o.stays = 0)
                   ELSE 1 END)`,
    )
    .pluck()
    .all()
    .map(toSha256)
}

interface EntryRow {
  frontEnd: EntryKey['frontEnd']
  upstream: string
  repository: string
  kind: EntryKey['kind']
  ref: string | Buffer
  digest: Buffer
}

function namesOf(db: Db): readonly RemovedName[] {
  return db
    .prepare<[], EntryRow>(
      `SELECT r.front_end AS frontEnd, r.upstream, r.name AS repository, e.kind, e.ref, e.digest
         FROM temp.cut_under u
              CROSS JOIN main.entries e ON e.digest = u.digest AND e.repository = u.repository
                     AND (e.kind = 'blob' AND u.stays = 0 OR e.kind = 'manifest' AND ${isCut('u.repository', 'u.digest')})
              CROSS JOIN main.repositories r ON r.id = e.repository`,
    )
    .all()
    .map((row) => ({ ...row, ref: fromRef(row.ref), digest: toSha256(row.digest) }))
}
