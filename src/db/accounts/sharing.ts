import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'

const MOST_NAMES = 10

export interface Sharing {
  /** In order, at most ten. */
  readonly sharedWith: readonly string[]
  readonly shares: number
}

/** Which repositories of images but one have a blob: by a name of their own, or below a manifest of theirs. */
export function prepareSharing(db: Db, repositoryId: number): (digest: Buffer) => Sharing {
  const select = prepared<[Buffer, Buffer, number], string>(
    db,
    `WITH RECURSIVE above (digest, depth) AS (
       SELECT ?, 0 UNION
       SELECT e.parent, depth + 1 FROM above CROSS JOIN main.edges e ON e.child = above.digest
        WHERE depth < ${DEEPEST}),
     holder (id) AS (
       SELECT e.repository FROM main.entries e WHERE e.digest = ?
       UNION
       SELECT e.repository FROM above a CROSS JOIN main.blobs b ON b.digest = a.digest
              CROSS JOIN main.entries e ON e.digest = a.digest AND e.kind = 'manifest'
        WHERE a.depth > 0)
     SELECT r.upstream || '/' || r.name FROM holder h JOIN main.repositories r ON r.id = h.id
      WHERE h.id <> ? AND r.front_end = 'oci' ORDER BY 1`,
  )
  select.pluck()
  return (digest) => {
    const names = select.all(digest, digest, repositoryId)
    return { sharedWith: names.slice(0, MOST_NAMES), shares: names.length }
  }
}
