import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { isLeaving } from './file-removal.ts'
import { DEEPEST } from './gather.ts'
import { BLOCKS } from './plan-ask.ts'

/**
 * In the order of digests, as the index has them: neighbours are found on pages that were just read.
 *
 * - going: the images, and whether they are plain ones
 * - under: all they hold, what may be below it, and whether their repository goes on needing it (see remains.ts)
 * - piece: what of that is here, each once
 * - doomed: manifests that lose their names in a repository
 * - parted: those of which no name is left anywhere, and nothing above them
 * - unnamed: manifests that are needed without a name (see remains.ts)
 * - leaving: names of files that go
 * - freed: what leaves the disk
 */
const TABLES = `
  CREATE TEMP TABLE IF NOT EXISTS going (
    digest BLOB, repository INTEGER, plain INTEGER, PRIMARY KEY (digest, repository)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS under (
    digest BLOB, repository INTEGER, depth INTEGER, kind INTEGER NOT NULL, stays INTEGER NOT NULL,
    PRIMARY KEY (digest, repository)
  ) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS piece (
    digest BLOB PRIMARY KEY, bytes INTEGER NOT NULL, pinned INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS doomed (
    digest BLOB, repository INTEGER, PRIMARY KEY (digest, repository)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS parted (digest BLOB PRIMARY KEY) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS unnamed (
    digest BLOB, repository INTEGER, PRIMARY KEY (digest, repository)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS leaving (
    repository INTEGER, ref TEXT, digest BLOB, PRIMARY KEY (repository, ref)) WITHOUT ROWID;
  CREATE TEMP TABLE IF NOT EXISTS freed (digest BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID`

const SCRATCH = ['going', 'under', 'piece', 'doomed', 'parted', 'unnamed', 'leaving', 'freed']

/** Makes the tables, empty, on this connection. `going` and `leaving` are filled by the caller. */
export function beginNeeds(db: Db): void {
  db.exec(TABLES)
}

/** Fills the other tables from these two, but for what `findRemains` is about. `ignorePins`: as any other content. */
export function findFreed(db: Db, ignorePins: boolean): void {
  findUnder(db)
  addFiles(db)
  doom(db)
  part(db)
  free(db, ignorePins)
}

/** Gives back their memory. */
export function endNeeds(db: Db): void {
  for (const table of SCRATCH) prepared<[]>(db, `DELETE FROM temp.${table}`).run()
}

/** Of `under`: a manifest whose children are leaves, a leaf, and what may be anything. */
const PLAIN = 1
const LEAF = 2

export const PLAIN_TYPES: readonly string[] = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
]

/**
 * Whether a manifest goes by the type of a plain image in a repository: what is below that has nothing below itself, so
 * that nobody has to look.
 */
export const isPlain = (repository: string, digest: string): string =>
  `coalesce((SELECT n.media_type IN (${PLAIN_TYPES.map((type) => `'${type}'`).join(', ')})
               FROM main.entries n
              WHERE n.digest = ${digest} AND n.repository = ${repository} AND n.kind = 'manifest' LIMIT 1), 0)`

/** Everything the images hold, by repository. What is a leaf of one image may be more in another. */
function findUnder(db: Db): void {
  prepared<[]>(
    db,
    `INSERT INTO temp.under SELECT digest, repository, 0, CASE plain WHEN 1 THEN ${PLAIN} ELSE 0 END, 0 FROM temp.going`,
  ).run()
  const below = prepared<{ depth: number }>(
    db,
    `INSERT INTO temp.under
     SELECT e.child, u.repository, @depth,
            CASE WHEN u.kind = ${PLAIN} THEN ${LEAF} WHEN ${isPlain('u.repository', 'e.child')} THEN ${PLAIN} ELSE 0 END, 0
       FROM temp.under u CROSS JOIN main.edges e ON e.parent = u.digest
      WHERE u.depth = @depth - 1 AND u.kind <> ${LEAF}
     ON CONFLICT DO UPDATE SET kind = excluded.kind, depth = excluded.depth
      WHERE kind = ${LEAF} AND excluded.kind <> ${LEAF}`,
  )
  for (let depth = 1; depth <= DEEPEST; depth++) if (below.run({ depth }).changes === 0) break
  prepared<[]>(
    db,
    `INSERT INTO temp.piece SELECT b.digest, ${BLOCKS}, b.pinned
       FROM (SELECT DISTINCT digest FROM temp.under) u CROSS JOIN main.blobs b ON b.digest = u.digest`,
  ).run()
}

/** What names of files lead to. */
function addFiles(db: Db): void {
  prepared<[]>(
    db,
    `INSERT OR IGNORE INTO temp.piece SELECT b.digest, ${BLOCKS}, b.pinned
       FROM (SELECT DISTINCT digest FROM temp.leaving) l CROSS JOIN main.blobs b ON b.digest = l.digest`,
  ).run()
}

/** Whether a manifest has a name in a repository, and is here. */
export const isNamed = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs nb ON nb.digest = n.digest
            WHERE n.digest = ${digest} AND n.repository = ${repository} AND n.kind = 'manifest')`

/**
 * Names of manifests that go: of the images, and of what is below them, unless it is an image itself or belongs to one
 * that stays.
 */
function doom(db: Db): void {
  prepared<[]>(db, 'INSERT INTO temp.doomed SELECT digest, repository FROM temp.going').run()
  const isGoing = (row: string): string =>
    `EXISTS (SELECT 1 FROM temp.going g WHERE g.digest = ${row}.digest AND g.repository = ${row}.repository)`
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
          WHERE u.depth > 0 AND u.kind <> ${LEAF} AND ${isNamed('u.repository', 'u.digest')} AND NOT ${isGoing('u')}),
       above (repository, part, digest, depth) AS (
         SELECT repository, digest, digest, 0 FROM part
         UNION
         SELECT a.repository, a.part, e.parent, a.depth + 1 FROM above a CROSS JOIN main.edges e ON e.child = a.digest
          WHERE a.depth < ${DEEPEST})
     SELECT digest, repository FROM part
      WHERE NOT EXISTS (
        SELECT 1 FROM above x
         WHERE x.repository = part.repository AND x.part = part.digest AND NOT ${isGoing('x')}
           AND ${isNamed('x.repository', 'x.digest')} AND (${hasTag} OR NOT ${isPart}))`,
  ).run()
}

export const isDoomed = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM temp.doomed d WHERE d.digest = ${digest} AND d.repository = ${repository})`

/** Whether a manifest that is here keeps a name anywhere. */
const keepsName = (digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs nb ON nb.digest = n.digest
            WHERE n.digest = ${digest} AND n.kind = 'manifest' AND NOT ${isDoomed('n.repository', 'n.digest')})`

/** Whether a manifest, or one above it, keeps a name anywhere. */
const isHeldUp = (digest: string): string => `(
  ${keepsName(digest)}
  OR EXISTS (SELECT 1 FROM main.edges a
              WHERE a.child = ${digest}
                AND (${keepsName('a.parent')}
                     OR EXISTS (SELECT 1 FROM main.edges a2 WHERE a2.child = a.parent AND ${keepsName('a2.parent')}))))`

/** Once for each manifest: layers have many, and ask for each of them. */
function part(db: Db): void {
  prepared<[]>(
    db,
    `INSERT INTO temp.parted
     SELECT m.digest FROM (SELECT DISTINCT digest FROM temp.doomed) m WHERE NOT ${isHeldUp('m.digest')}`,
  ).run()
}

/** Whether a name leads to the piece that does not go: a layer's goes with what holds it in its repository. */
const HAS_OTHER_NAME = `EXISTS (
  SELECT 1 FROM main.entries e
   WHERE e.digest = p.digest
     AND CASE e.kind
         WHEN 'manifest' THEN NOT ${isDoomed('e.repository', 'e.digest')}
         WHEN 'blob' THEN NOT EXISTS (SELECT 1 FROM temp.under o
                                       WHERE o.digest = e.digest AND o.repository = e.repository)
         WHEN 'file' THEN NOT ${isLeaving('e.repository', 'e.ref')}
         ELSE 1 END)`

/** Whether an image of any repository holds the piece that stays. */
const HAS_OTHER_IMAGE = `EXISTS (
  SELECT 1 FROM main.edges e
   WHERE e.child = p.digest AND e.parent NOT IN (SELECT digest FROM temp.parted) AND ${isHeldUp('e.parent')})`

/** Where a repository goes on needing a piece, an image of it that stays holds it, or a name leads there. */
function free(db: Db, ignorePins: boolean): void {
  prepared<[]>(
    db,
    `INSERT INTO temp.freed
     SELECT p.digest, p.bytes FROM temp.piece p
      WHERE ${ignorePins ? '1' : 'p.pinned = 0'} AND NOT ${HAS_OTHER_IMAGE} AND NOT ${HAS_OTHER_NAME}`,
  ).run()
}
