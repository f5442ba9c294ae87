import type { Sha256 } from '../domain/digest.ts'
import { toBytes } from './digests.ts'
import { isNeeded } from './needed.ts'
import type { Db } from './open.ts'

/** Which upstreams have names for which blobs, for budgets of their own. */
export interface Holdings {
  /** Whether a name of this upstream leads to the blob. */
  has(upstream: string, digest: Sha256): boolean
  upstreamsOf(digest: Sha256): readonly string[]
  /** Whether any name leads to the blob, or to an image that has it. */
  isNeeded(digest: Sha256): boolean
  /** Drops the names of one upstream; true when some other upstream's name or manifest still needs the blob. */
  release(upstream: string, digest: Sha256): boolean
}

export function createHoldings(db: Db, memo: { clear(): void }): Holdings {
  const of = 'SELECT id FROM repositories WHERE upstream = @upstream'
  const has = db.prepare(`SELECT 1 FROM entries WHERE digest = @digest AND repository IN (${of}) LIMIT 1`)
  const upstreams = db.prepare<[Buffer], string>(
    `SELECT DISTINCT r.upstream FROM entries e JOIN repositories r ON r.id = e.repository WHERE e.digest = ?`,
  )
  upstreams.pluck()
  const release = db.prepare(`DELETE FROM entries WHERE digest = @digest AND repository IN (${of})`)
  const needed = db.prepare(
    `SELECT 1 FROM entries WHERE digest = @digest
     UNION ALL
     SELECT 1 FROM edges x JOIN entries e ON e.digest = x.parent JOIN repositories r ON r.id = e.repository
      WHERE x.child = @digest AND r.upstream <> @upstream AND e.kind = 'manifest'
     LIMIT 1`,
  )
  const isAnyNeed = db.prepare(`SELECT 1 WHERE ${isNeeded('@digest')}`)
  return {
    has: (upstream, digest) => has.get({ upstream, digest: toBytes(digest) }) !== undefined,
    upstreamsOf: (digest) => upstreams.all(toBytes(digest)),
    isNeeded: (digest) => isAnyNeed.get({ digest: toBytes(digest) }) !== undefined,
    release: (upstream, digest) => {
      memo.clear()
      const input = { upstream, digest: toBytes(digest) }
      release.run(input)
      return needed.get(input) !== undefined
    },
  }
}
