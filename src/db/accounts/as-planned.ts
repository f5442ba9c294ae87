import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import type { PlannedImage } from './plan-shape.ts'
import { findRepository } from './tagged.ts'

/** Those that nobody used since they were looked at; `untagged`: and that still have no tag. */
export function asPlanned(
  db: Db,
  { images, untagged }: { images: readonly PlannedImage[]; untagged: boolean },
): readonly PlannedImage[] {
  const select = db.prepare<{ digest: Buffer; id: number }, { usedAt: number; tags: number; pinned: number }>(
    `SELECT coalesce(max(e.used_at), 0) AS usedAt, coalesce(sum(typeof(e.ref) = 'text'), 0) AS tags,
            coalesce(max(b.pinned), 0) AS pinned
       FROM main.blobs b LEFT JOIN main.entries e ON e.digest = b.digest AND e.kind = 'manifest' AND e.repository = @id
      WHERE b.digest = @digest`,
  )
  return images.filter((image) => {
    const id = findRepository(db, image)
    // An aggregate without GROUP BY always gives one row.
    const now = id === undefined ? undefined : select.get({ digest: toBytes(image.digest), id })
    if (now === undefined || now.usedAt !== image.usedAt || now.pinned === 1) return false
    return !untagged || now.tags === 0
  })
}
