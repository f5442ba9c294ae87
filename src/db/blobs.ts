import type { Sha256 } from '../domain/digest.ts'
import { blocksOf } from './blocks.ts'
import { toBytes, toSha256 } from './digests.ts'
import type { Db } from './open.ts'

export interface BlobRow {
  readonly digest: Sha256
  readonly size: number
  readonly stamp: number
}

/** How far a walk over the coldest blobs has come. */
export interface ColdMark {
  readonly usedAt: number
  readonly size: number
  readonly digest: Sha256
}

export interface ColdBlob extends BlobRow {
  readonly usedAt: number
}

/** How far a walk over the blobs that were checked longest ago has come. */
export interface CheckMark {
  readonly verifiedAt: number
  readonly digest: Sha256
}

export type CheckedBlob = BlobRow & CheckMark

export interface Blobs {
  find(digest: Sha256): BlobRow | undefined
  add(blob: BlobRow & { at: number }): void
  /** The file was re-hashed and is right; its change time is now `stamp`. */
  verified(digest: Sha256, stamp: number, at: number): void
  /** Unpinned blobs, least recently used first, after `mark`. */
  coldest(limit: number, mark?: ColdMark): readonly ColdBlob[]
  /** When it was last used and whether it is pinned; undefined without a row. */
  standing(digest: Sha256): { readonly usedAt: number; readonly pinned: boolean } | undefined
  /** Blobs whose bytes were checked longest ago, after `mark` and before `before`. */
  leastChecked(limit: number, walk: { before: number; mark: CheckMark | undefined }): readonly CheckedBlob[]
  /** Drops the row and every entry and edge that leads to it; true when it was there. */
  remove(digest: Sha256): boolean
  totals(): { count: number; bytes: number }
}

interface Row {
  digest: Buffer
  size: number
  stamp: number
}

interface ColdRow extends Row {
  used_at: number
}

/** Sorts before every digest. */
const NOTHING = Buffer.alloc(0)

const toBlob = (row: Row): BlobRow => ({ digest: toSha256(row.digest), size: row.size, stamp: row.stamp })

/** What is on disk and how cold it is. `totals().bytes` counts whole 4 KiB blocks, as the disk does. */
export function createBlobs(db: Db, memo: { clear(): void }): Blobs {
  const find = db.prepare<[Buffer], Row>('SELECT digest, size, stamp FROM blobs WHERE digest = ?')
  const add = db.prepare(
    `INSERT INTO blobs VALUES (@digest, @size, @stamp, @at, @at, @at,
       EXISTS (SELECT 1 FROM edges e JOIN blobs p ON p.digest = e.parent WHERE e.child = @digest AND p.pinned = 1))
     ON CONFLICT DO UPDATE SET size = @size, stamp = @stamp, used_at = @at, verified_at = @at`,
  )
  const verified = db.prepare('UPDATE blobs SET stamp = ?, verified_at = ? WHERE digest = ?')
  const coldest = db.prepare<[number, number, Buffer, number], ColdRow>(
    `SELECT digest, size, stamp, used_at FROM blobs
      WHERE pinned = 0 AND (used_at, size, digest) > (?, ?, ?) ORDER BY used_at, size, digest LIMIT ?`,
  )
  const standing = db.prepare<[Buffer], { used_at: number; pinned: number }>(
    'SELECT used_at, pinned FROM blobs WHERE digest = ?',
  )
  const leastChecked = db.prepare<object, Row & { verified_at: number }>(
    `SELECT digest, size, stamp, verified_at FROM blobs
      WHERE verified_at < @before AND (verified_at, digest) > (@at, @digest)
      ORDER BY verified_at, digest LIMIT @limit`,
  )
  const totals = db.prepare<[], { count: number; bytes: number }>(
    `SELECT count(*) AS count, coalesce(sum(${blocksOf('size')}), 0) AS bytes FROM blobs`,
  )
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
    coldest: (limit, mark) =>
      coldest
        .all(mark?.usedAt ?? -1, mark?.size ?? -1, mark === undefined ? NOTHING : toBytes(mark.digest), limit)
        .map((row) => ({ ...toBlob(row), usedAt: row.used_at })),
    standing: (digest) => {
      const row = standing.get(toBytes(digest))
      return row === undefined ? undefined : { usedAt: row.used_at, pinned: row.pinned === 1 }
    },
    leastChecked: (limit, { before, mark }) =>
      leastChecked
        .all({
          limit,
          before,
          at: mark?.verifiedAt ?? -1,
          digest: mark === undefined ? NOTHING : toBytes(mark.digest),
        })
        .map((row) => ({ ...toBlob(row), verifiedAt: row.verified_at })),
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
