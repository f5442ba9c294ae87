import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import type { PlannedImage, PlanOrder } from './plan-shape.ts'

interface Row {
  upstream: string
  repository: string
  digest: Buffer
  usedAt: number
}

/** SQL: whether `e.digest` is below a manifest that its repository has. */
const IS_PART = `EXISTS (
  SELECT 1 FROM main.edges x CROSS JOIN main.entries p ON p.digest = x.parent AND p.repository = e.repository
                                                      AND p.kind = 'manifest'
         CROSS JOIN main.blobs pb ON pb.digest = p.digest
   WHERE x.child = e.digest)`

/** What tags led to before, where what they lead to now is not here: it is all there is of those images. */
const FALLBACKS = `
  CREATE TEMP TABLE fallback AS
  SELECT e.repository, e.previous AS digest FROM temp.scope s CROSS JOIN main.entries e
      ON e.repository = s.repository AND e.kind = 'manifest' AND e.previous IS NOT NULL`

/**
 * Images without a tag in their repository: no part of another one there, not used since `youngSince`, neither pinned nor
 * held. Part of a plan, after `openScope`.
 */
export function untaggedImages(db: Db, { youngSince }: PlanOrder): readonly PlannedImage[] {
  db.exec(`DROP TABLE IF EXISTS temp.fallback; ${FALLBACKS}`)
  const rows = db
    .prepare<{ youngSince: number }, Row>(
      `SELECT r.upstream, r.name AS repository, e.digest, max(e.used_at) AS usedAt
         FROM temp.scope s CROSS JOIN main.repositories r ON r.id = s.repository
              CROSS JOIN main.entries e ON e.repository = s.repository AND e.kind = 'manifest'
              CROSS JOIN main.blobs b ON b.digest = e.digest
        WHERE b.pinned = 0 AND e.digest NOT IN temp.busy AND e.digest NOT IN temp.held
        GROUP BY e.repository, e.digest
       HAVING sum(typeof(e.ref) = 'text') = 0 AND max(e.used_at) <= @youngSince
          AND NOT EXISTS (SELECT 1 FROM temp.spared o WHERE o.repository = e.repository AND o.digest = e.digest)
          AND NOT ${IS_PART}
          AND (e.repository, e.digest) NOT IN (SELECT repository, digest FROM temp.fallback)
        ORDER BY r.upstream, r.name, e.digest`,
    )
    .all({ youngSince })
  db.exec('DROP TABLE temp.fallback')
  return rows.map((row) => ({ ...row, digest: toSha256(row.digest), platform: undefined }))
}
