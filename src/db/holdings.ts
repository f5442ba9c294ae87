import type { Sha256 } from '../domain/digest.ts'
import type { ColdBlob, ColdMark } from './blobs.ts'
import { toBytes, toSha256 } from './digests.ts'
import type { Db } from './open.ts'

/** Which upstreams have names for which blobs, for budgets of their own. */
export interface Holdings {
  /** Whether a name of this upstream leads to the blob. */
  has(upstream: string, digest: Sha256): boolean
  upstreamsOf(digest: Sha256): readonly string[]
  /**
   * Unpinned blobs with a name of this upstream among the next `scan` coldest ones after `mark`. `next` is where
   * to go on; undefined at the end.
   */
  coldestOf(
    upstream: string,
    walk: { after: ColdMark | undefined; scan: number },
  ): { blobs: readonly ColdBlob[]; next: ColdMark | undefined }
  /** Drops the names of one upstream; true when some other upstream's name or manifest still needs the blob. */
  release(upstream: string, digest: Sha256): boolean
}

interface Row {
  digest: Buffer
  size: number
  stamp: number
  used_at: number
  held: number
}

/** Before everything: no blob was used then. */
const BEGIN = { usedAt: -1, size: -1, digest: Buffer.alloc(0) }

export function createHoldings(db: Db, memo: { clear(): void }): Holdings {
  const of = 'SELECT id FROM repositories WHERE upstream = @upstream'
  const has = db.prepare(`SELECT 1 FROM entries WHERE digest = @digest AND repository IN (${of}) LIMIT 1`)
  const upstreams = db.prepare<[Buffer], string>(
    `SELECT DISTINCT r.upstream FROM entries e JOIN repositories r ON r.id = e.repository WHERE e.digest = ?`,
  )
  upstreams.pluck()
  const coldest = db.prepare<object, Row>(
    `SELECT b.digest, b.size, b.stamp, b.used_at,
            EXISTS (SELECT 1 FROM entries e JOIN repositories r ON r.id = e.repository
                     WHERE e.digest = b.digest AND r.upstream = @upstream) AS held
       FROM blobs b
      WHERE b.pinned = 0 AND (b.used_at, b.size, b.digest) > (@usedAt, @size, @digest)
      ORDER BY b.used_at, b.size, b.digest LIMIT @scan`,
  )
  const release = db.prepare(`DELETE FROM entries WHERE digest = @digest AND repository IN (${of})`)
  const needed = db.prepare(
    `SELECT 1 FROM entries WHERE digest = @digest
     UNION ALL
     SELECT 1 FROM edges x JOIN entries e ON e.digest = x.parent JOIN repositories r ON r.id = e.repository
      WHERE x.child = @digest AND r.upstream <> @upstream AND e.kind = 'manifest'
     LIMIT 1`,
  )
  return {
    has: (upstream, digest) => has.get({ upstream, digest: toBytes(digest) }) !== undefined,
    upstreamsOf: (digest) => upstreams.all(toBytes(digest)),
    coldestOf: (upstream, { after, scan }) => {
      const from = after === undefined ? BEGIN : { ...after, digest: toBytes(after.digest) }
      const rows = coldest.all({ upstream, scan, ...from })
      const last = rows.length < scan ? undefined : rows.at(-1)
      return {
        blobs: rows.filter((row) => row.held === 1).map(toCold),
        next:
          last === undefined
            ? undefined
            : { usedAt: last.used_at, size: last.size, digest: toSha256(last.digest) },
      }
    },
    release: (upstream, digest) => {
      memo.clear()
      const input = { upstream, digest: toBytes(digest) }
      release.run(input)
      return needed.get(input) !== undefined
    },
  }
}

function toCold(row: Omit<Row, 'held'>): ColdBlob {
  return { digest: toSha256(row.digest), size: row.size, stamp: row.stamp, usedAt: row.used_at }
}
