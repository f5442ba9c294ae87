import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import { isDoomed, isNamed } from './needs.ts'

/** After `findFreed`: marks in `under` what the repositories go on needing, so that its names there stay. */
export function findRemains(db: Db, ignorePins: boolean): void {
  noteUnnamed(db)
  const spared = ignorePins
    ? '0'
    : 'EXISTS (SELECT 1 FROM temp.piece p WHERE p.digest = u.digest AND p.pinned = 1)'
  // What leaves the disk is needed nowhere: most of it is that.
  prepared<[]>(
    db,
    `UPDATE temp.under AS u SET stays = ${spared} OR ${STAYS_HERE}
      WHERE u.digest NOT IN (SELECT digest FROM temp.freed)`,
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
     SELECT DISTINCT digest, repository FROM part
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
