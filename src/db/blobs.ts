import type { Sha256 } from '../domain/digest.ts'
import { toBytes, toSha256 } from './digests.ts'
import type { Db } from './open.ts'

export interface BlobRow {
  readonly digest: Sha256
  readonly size: number
  readonly stamp: number
}

export interface Blobs {
  find(digest: Sha256): BlobRow | undefined
  add(blob: BlobRow & { at: number }): void
  /** The file was re-hashed and is right; its change time is now `stamp`. */
  verified(digest: Sha256, stamp: number, at: number): void
  /** Notes a use, of all that it references too, in memory; `flushTouches` writes them in one transaction. */
  touch(digest: Sha256, at: number): void
  flushTouches(): void
  /** Unpinned blobs, least recently used first. */
  coldest(limit: number): readonly BlobRow[]
  /** Drops the row and every entry and edge that leads to it; true when it was there. */
  remove(digest: Sha256): boolean
  totals(): { count: number; bytes: number }
}

interface Row {
  digest: Buffer
  size: number
  stamp: number
}

const toBlob = (row: Row): BlobRow => ({ digest: toSha256(row.digest), size: row.size, stamp: row.stamp })

/** What is on disk and how cold it is. `totals().bytes` counts whole 4 KiB blocks, as the disk does. */
export function createBlobs(db: Db, memo: { clear(): void }): Blobs {
  const find = db.prepare<[Buffer], Row>('SELECT digest, size, stamp FROM blobs WHERE digest = ?')
  const add = db.prepare(
    `INSERT INTO blobs VALUES (@digest, @size, @stamp, @at, @at, @at, 0)
     ON CONFLICT DO UPDATE SET size = @size, stamp = @stamp, used_at = @at, verified_at = @at`,
  )
  const verified = db.prepare('UPDATE blobs SET stamp = ?, verified_at = ? WHERE digest = ?')
  const use = db.prepare('UPDATE blobs SET used_at = max(used_at, @at) WHERE digest = @digest')
  const useChildren = db.prepare(
    `UPDATE blobs SET used_at = max(used_at, @at)
      WHERE digest IN (SELECT child FROM edges WHERE parent = @digest)`,
  )
  const coldest = db.prepare<[number], Row>(
    'SELECT digest, size, stamp FROM blobs WHERE pinned = 0 ORDER BY used_at, size LIMIT ?',
  )
  const totals = db.prepare<[], { count: number; bytes: number }>(
    'SELECT count(*) AS count, coalesce(sum((size + 4095) / 4096 * 4096), 0) AS bytes FROM blobs',
  )
  const touched = new Map<Sha256, number>()
  return {
    find: (digest) => {
      const row = find.get(toBytes(digest))
      return row === undefined ? undefined : toBlob(row)
    },
    add: ({ digest, size, stamp, at }) => {
      memo.clear()
      add.run({ digest: toBytes(digest), size, stamp, at })
    },
    verified: (digest, stamp, at) => {
      memo.clear()
      verified.run(stamp, at, toBytes(digest))
    },
    touch: (digest, at) => void touched.set(digest, at),
    flushTouches: () => {
      if (touched.size === 0) return
      db.transaction(() => {
        for (const [digest, at] of touched) {
          const used = { at, digest: toBytes(digest) }
          use.run(used)
          useChildren.run(used)
        }
      }).immediate()
      touched.clear()
    },
    coldest: (limit) => coldest.all(limit).map(toBlob),
    remove: createRemove(db, memo),
    // An aggregate without GROUP BY always gives one row.
    totals: () => totals.get() as { count: number; bytes: number },
  }
}

function createRemove(db: Db, memo: { clear(): void }): Blobs['remove'] {
  const statements = [
    db.prepare('DELETE FROM entries WHERE digest = ?'),
    db.prepare('DELETE FROM edges WHERE parent = ?'),
  ]
  const remove = db.prepare('DELETE FROM blobs WHERE digest = ?')
  return (digest) => {
    memo.clear()
    const bytes = toBytes(digest)
    for (const statement of statements) statement.run(bytes)
    return remove.run(bytes).changes > 0
  }
}
