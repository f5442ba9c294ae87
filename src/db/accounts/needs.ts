import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import { BLOCKS } from './plan-ask.ts'

/**
 * - going: the images
 * - under: all they hold, and whether their repository goes on needing it
 * - doomed: manifests that lose their names
 * - unnamed: manifests that are needed without a name
 * - freed: what leaves the disk
 */
const TABLES = `
  CREATE TEMP TABLE IF NOT EXISTS going (
    repository INTEGER, digest BLOB, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS under (
    repository INTEGER, digest BLOB, depth INTEGER, stays INTEGER, PRIMARY KEY (repository, digest)
  ) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS doomed (
    repository INTEGER, digest BLOB, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS unnamed (
    repository INTEGER, digest BLOB, PRIMARY KEY (repository, digest)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS freed (digest BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID`

const SCRATCH = ['going', 'under', 'doomed', 'unnamed', 'freed']

/** Makes the tables, empty, on this connection. `going` is filled by the caller. */
export function beginNeeds(db: Db): void {
  db.exec(TABLES)
}

/** Fills the other tables from `going`. `ignorePins`: pinned content goes as any other. */
export function findNeeds(db: Db, ignorePins: boolean): void {
  findUnder(db)
  doom(db)
  judge(db, ignorePins)
}

/** Gives back their memory. */
export function endNeeds(db: Db): void {
  for (const table of SCRATCH) prepared<[]>(db, `DELETE FROM temp.${table}`).run()
}

/** Everything the images hold, by repository. */
function findUnder(db: Db): void {
  prepared<[]>(db, 'INSERT INTO temp.under SELECT repository, digest, 0, 0 FROM temp.going').run()
  const below = prepared<unknown[]>(
    db,
    `INSERT OR IGNORE INTO temp.under SELECT u.repository, e.child, @depth, 0
       FROM temp.under u CROSS JOIN main.edges e ON e.parent = u.digest WHERE u.depth = @depth - 1`,
  )
  for (let depth = 1; depth <= DEEPEST; depth++) below.run({ depth })
}

/** Whether a manifest has a name in a repository, and is here. */
const isNamed = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs nb ON nb.digest = n.digest
            WHERE n.digest = ${digest} AND n.repository = ${repository} AND n.kind = 'manifest')`

/**
 * Names of manifests that go: of the images, and of what is below them, unless it is an image itself or belongs to one
 * that stays.
 */
function doom(db: Db): void {
  prepared<[]>(db, 'INSERT INTO temp.doomed SELECT repository, digest FROM temp.going').run()
  const hasTag = `EXISTS (SELECT 1 FROM main.entries t WHERE t.digest = x.digest AND t.repository = x.repository
                                                       AND t.kind = 'manifest' AND typeof(t.ref) = 'text')`
  const isPart = `EXISTS (SELECT 1 FROM main.edges p WHERE p.child = x.digest
                                                       AND ${isNamed('x.repository', 'p.parent')})`
  prepared<[]>(
    db,
    `INSERT OR IGNORE INTO temp.doomed
     WITH RECURSIVE
       part (repository, digest) AS (
         SELECT u.repository, u.digest FROM temp.under u
          WHERE u.depth > 0 AND ${isNamed('u.repository', 'u.digest')}
            AND NOT EXISTS (SELECT 1 FROM temp.going g WHERE g.repository = u.repository AND g.digest = u.digest)),
       above (repository, part, digest, depth) AS (
         SELECT repository, digest, digest, 0 FROM part
         UNION
         SELECT a.repository, a.part, e.parent, a.depth + 1 FROM above a CROSS JOIN main.edges e ON e.child = a.digest
          WHERE a.depth < ${DEEPEST})
     SELECT repository, digest FROM part
      WHERE NOT EXISTS (
        SELECT 1 FROM above x
         WHERE x.repository = part.repository AND x.part = part.digest
           AND NOT EXISTS (SELECT 1 FROM temp.going g WHERE g.repository = x.repository AND g.digest = x.digest)
           AND ${isNamed('x.repository', 'x.digest')} AND (${hasTag} OR NOT ${isPart}))`,
  ).run()
}

const isDoomed = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM temp.doomed d WHERE d.repository = ${repository} AND d.digest = ${digest})`

/** Marks what the repositories go on needing, and collects what nobody does. */
function judge(db: Db, ignorePins: boolean): void {
  noteUnnamed(db)
  const spared = ignorePins
    ? '0'
    : 'EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = u.digest AND b.pinned = 1)'
  prepared<[]>(db, `UPDATE temp.under AS u SET stays = ${spared} OR ${STAYS_HERE}`).run()
  prepared<[]>(
    db,
    `INSERT INTO temp.freed
     SELECT b.digest, ${BLOCKS} FROM (SELECT digest, max(stays) AS stays FROM temp.under GROUP BY digest) u
            CROSS JOIN main.blobs b ON b.digest = u.digest
      WHERE u.stays = 0 AND NOT ${HAS_OTHER_NAME} AND NOT ${HAS_OTHER_IMAGE}`,
  ).run()
}

/**
 * Manifests below indexes that stay, which their repositories will have no name for: what is below those is needed
 * too. Usually there are none.
 */
function noteUnnamed(db: Db): void {
  prepared<[]>(
    db,
    `INSERT INTO temp.unnamed
     WITH RECURSIVE part (repository, digest, depth) AS (
       SELECT e.repository, e.digest, 0
         FROM (SELECT DISTINCT repository FROM temp.going) g
              CROSS JOIN main.entries e ON e.repository = g.repository AND e.kind = 'manifest'
        WHERE (e.media_type IS NULL OR e.media_type LIKE '%.index.%' OR e.media_type LIKE '%.manifest.list.%')
          AND EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.digest)
          AND NOT ${isDoomed('e.repository', 'e.digest')}
       UNION
       SELECT p.repository, e.child, p.depth + 1 FROM part p CROSS JOIN main.edges e ON e.parent = p.digest
        WHERE p.depth < ${DEEPEST - 1})
     SELECT DISTINCT repository, digest FROM part
      WHERE depth > 0 AND EXISTS (SELECT 1 FROM main.edges e WHERE e.parent = part.digest)
        AND (NOT ${isNamed('part.repository', 'part.digest')} OR ${isDoomed('part.repository', 'part.digest')})`,
  ).run()
}

/** Above that it is quicker to look through the manifests of one repository, where a hit comes soon. */
const FEW_PARENTS = 32

/** Whether an image that stays in the same repository holds `u.digest`. */
const STAYS_HERE = `(
  (${isNamed('u.repository', 'u.digest')} AND NOT ${isDoomed('u.repository', 'u.digest')})
  OR CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM main.edges WHERE child = u.digest LIMIT ${FEW_PARENTS}))
            < ${FEW_PARENTS}
     THEN EXISTS (SELECT 1 FROM main.edges e
                   WHERE e.child = u.digest AND ${isNamed('u.repository', 'e.parent')}
                     AND NOT ${isDoomed('u.repository', 'e.parent')})
     ELSE EXISTS (SELECT 1 FROM main.entries m
                         CROSS JOIN main.edges e ON e.parent = m.digest AND e.child = u.digest
                         CROSS JOIN main.blobs mb ON mb.digest = m.digest
                   WHERE m.repository = u.repository AND m.kind = 'manifest'
                     AND NOT ${isDoomed('m.repository', 'm.digest')})
     END
  OR EXISTS (SELECT 1 FROM temp.unnamed n CROSS JOIN main.edges e ON e.parent = n.digest AND e.child = u.digest
              WHERE n.repository = u.repository)
  OR EXISTS (SELECT 1 FROM temp.unnamed n WHERE n.repository = u.repository AND n.digest = u.digest))`

/** Whether a name leads to `u.digest` that does not go. */
const HAS_OTHER_NAME = `EXISTS (
  SELECT 1 FROM main.entries e
   WHERE e.digest = u.digest
     AND CASE e.kind
         WHEN 'manifest' THEN NOT ${isDoomed('e.repository', 'e.digest')}
         WHEN 'blob' THEN NOT EXISTS (SELECT 1 FROM temp.under o
                                       WHERE o.repository = e.repository AND o.digest = e.digest AND o.stays = 0)
         ELSE 1 END)`

/** As `isNamed`, in any repository where the manifest does not go. */
const staysAnywhere = (digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs nb ON nb.digest = n.digest
            WHERE n.digest = ${digest} AND n.kind = 'manifest' AND NOT ${isDoomed('n.repository', 'n.digest')})`

/** Whether an image of any repository holds `u.digest` that stays. */
const HAS_OTHER_IMAGE = `(
  EXISTS (SELECT 1 FROM main.edges e WHERE e.child = u.digest AND ${staysAnywhere('e.parent')})
  OR EXISTS (SELECT 1 FROM main.edges e CROSS JOIN main.edges e2 ON e2.child = e.parent
              WHERE e.child = u.digest AND ${staysAnywhere('e2.parent')})
  OR EXISTS (SELECT 1 FROM main.edges e CROSS JOIN main.edges e2 ON e2.child = e.parent
                         CROSS JOIN main.edges e3 ON e3.child = e2.parent
              WHERE e.child = u.digest AND ${staysAnywhere('e3.parent')}))`
