import type { EntryKey } from '../domain/names.ts'
import { toRef } from './digests.ts'
import type { Db } from './open.ts'

/** Tags are manifests with a text for a reference. */
export function isTag(key: EntryKey): boolean {
  return key.kind === 'manifest' && typeof toRef(key.ref) === 'string'
}

interface Move {
  readonly repository: number
  readonly from: Buffer | undefined
  readonly to: Buffer | undefined
  readonly at: number
}

/** Notes since when a manifest has no tag any more, and forgets it when a tag comes back. */
export function createMoved(db: Db) {
  const target = db.prepare<[number, string, string | Buffer], Buffer>(
    'SELECT digest FROM entries WHERE repository = ? AND kind = ? AND ref = ?',
  )
  target.pluck()
  const lost = db.prepare(
    `UPDATE entries SET replaced_at = @at
      WHERE repository = @repository AND kind = 'manifest' AND ref = @from AND replaced_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM entries t WHERE t.digest = @from AND t.repository = @repository
                           AND t.kind = 'manifest' AND typeof(t.ref) = 'text')`,
  )
  const found = db.prepare(
    `UPDATE entries SET replaced_at = NULL
      WHERE repository = @repository AND kind = 'manifest' AND ref = @to AND replaced_at IS NOT NULL`,
  )
  const confirmTarget = db.prepare(
    `UPDATE entries AS d SET checked_at = max(d.checked_at, t.checked_at)
       FROM entries t WHERE t.repository = @repository AND t.kind = 'manifest' AND t.ref = @ref
        AND d.repository = @repository AND d.kind = 'manifest' AND d.ref = t.digest`,
  )
  return {
    /** A tag was confirmed with its digest, which the digest's own entry does not know yet. */
    confirmTarget: (repository: number, ref: string | Buffer) => void confirmTarget.run({ repository, ref }),
    target: (repository: number, kind: string, ref: string | Buffer) => target.get(repository, kind, ref),
    note: ({ repository, from, to, at }: Move): void => {
      if (from !== undefined && to?.equals(from) !== true) lost.run({ repository, from, at })
      if (to !== undefined) found.run({ repository, to })
    },
  }
}
