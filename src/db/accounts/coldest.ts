import { onDisk } from '../../domain/blocks.ts'
import type { Sha256 } from '../../domain/digest.ts'
import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { type BlobList, toBlobList } from './blob-list.ts'
import type { CandidateRow } from './plan-ask.ts'

export interface ColdestAsk {
  readonly upstream: string
  /** On disk. */
  readonly bytes: number
  /** What is being read. */
  readonly held: readonly Sha256[]
}

/** The least recently used unpinned blobs with a name of one upstream, without what waits for undo, until `bytes` are together. */
export function coldestOf(db: Db, { upstream, bytes, held }: ColdestAsk): BlobList {
  const isHeld = new Set(held.map((digest) => toBytes(digest).toString('latin1')))
  const rows = db
    .prepare<[string], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b
        WHERE b.pinned = 0
          AND b.digest NOT IN (SELECT h.digest FROM evicted_blobs h JOIN evictions v ON v.id = h.eviction WHERE v.until > 0)
          AND b.digest IN (SELECT e.digest FROM repositories r JOIN entries e ON e.repository = r.id
                            WHERE r.upstream = ?)
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .iterate(upstream)
  const chosen: CandidateRow[] = []
  let together = 0
  for (const row of rows) {
    if (together >= bytes) break
    if (isHeld.has(row.digest.toString('latin1'))) continue
    chosen.push(row)
    together += onDisk(row.size)
  }
  return toBlobList(chosen)
}
