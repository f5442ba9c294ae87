import type { Db } from '../open.ts'

export interface Counts {
  /** Of images, with content that is here. */
  readonly repositories: number
  /** Whose manifest is here. */
  readonly tags: number
  readonly blobs: number
}

/** How much there is, without sizes: a fraction of the work that totals are. */
export function counts(db: Db): Counts {
  const here = 'EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.digest)'
  const one = (sql: string): number => db.prepare<[], number>(sql).pluck().get() ?? 0
  return {
    repositories: one(
      `SELECT count(*) FROM main.repositories r
        WHERE r.front_end = 'oci'
          AND EXISTS (SELECT 1 FROM main.entries e WHERE e.repository = r.id AND ${here})`,
    ),
    // Text sorts before bytes: digests are not looked at.
    tags: one(
      `SELECT count(*) FROM main.repositories r
              CROSS JOIN main.entries e ON e.repository = r.id AND e.kind = 'manifest' AND e.ref < x''
        WHERE ${here}`,
    ),
    blobs: one('SELECT count(*) FROM main.blobs'),
  }
}
