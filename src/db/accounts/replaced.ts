import type { Sha256 } from '../../domain/digest.ts'
import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'

/** An image whose tags moved on, as it was when it was looked at. */
export interface ReplacedImage {
  readonly upstream: string
  readonly repository: string
  readonly digest: Sha256
  readonly replacedAt: number
}

export interface Replaced {
  readonly images: readonly ReplacedImage[]
  readonly objects: number
  readonly total: number
  readonly frees: number
}

interface Row {
  upstream: string
  repository: string
  digest: Buffer
  replacedAt: number
}

/** Of one clean-up; the next one finds the rest. */
const MOST = 5000

/** Images that lost their last tag long ago and were not asked for by digest since. Part of a plan. */
export function replacedImages(
  db: Db,
  { replacedBefore }: { replacedBefore: number },
): readonly ReplacedImage[] {
  const rows = db
    .prepare<[number], Row>(
      `SELECT r.upstream, r.name AS repository, e.digest, e.replaced_at AS replacedAt
         FROM entries e JOIN repositories r ON r.id = e.repository JOIN blobs b ON b.digest = e.digest
        WHERE e.replaced_at < ? AND e.kind = 'manifest' AND e.used_at <= e.replaced_at
          AND b.pinned = 0 AND b.digest NOT IN (SELECT digest FROM temp.held)
          AND NOT EXISTS (SELECT 1 FROM edges x JOIN entries p ON p.digest = x.parent
                           WHERE x.child = e.digest AND p.repository = e.repository AND p.kind = 'manifest')
          AND NOT EXISTS (SELECT 1 FROM entries t WHERE t.repository = e.repository AND t.kind = 'manifest'
                             AND t.previous = e.digest)
        LIMIT ${MOST}`,
    )
    .all(replacedBefore)
  return rows.map((row) => ({ ...row, digest: toSha256(row.digest) }))
}
