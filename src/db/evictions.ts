import type { Sha256 } from '../domain/digest.ts'
import type { EntryKey, FrontEndName } from '../domain/names.ts'
import { fromRef, toBytes, toRef, toSha256 } from './digests.ts'
import { isNeeded } from './needed.ts'
import type { Db } from './open.ts'

/** Something people took out of the cache. Times are milliseconds since the epoch, sizes bytes on disk. */
export interface EvictionRow {
  readonly id: string
  readonly at: number
  /** As principals are written. */
  readonly who: string
  /** Images and files, the first of them. */
  readonly names: readonly string[]
  readonly images: number
  readonly files: number
  readonly objects: number
  readonly bytes: number
  /** When it can be undone no more; 0: its content is on its way out, undefined: it is over. */
  readonly until: number | undefined
}

/** A name that an eviction took away. */
export interface EvictedName {
  readonly key: EntryKey
  readonly digest: Sha256
  /** Bytes of its content; undefined where that is not here. */
  readonly size: number | undefined
}

export interface EvictedBlob {
  readonly digest: Sha256
  readonly size: number
  readonly usedAt: number
}

/** Every call is one transaction, or part of the one that is open. */
export interface Evictions {
  /** Older ones that are over are forgotten, beyond some hundred. */
  add(row: EvictionRow): void
  /** Writes images, files, objects and bytes anew. */
  correct(row: EvictionRow): void
  /** Newest first. */
  list(): readonly EvictionRow[]
  find(id: string): EvictionRow | undefined
  /** Those that are not over, in the order in which they will be. */
  open(): readonly EvictionRow[]
  /** Takes a name away, if it still leads to that digest; what lies below it is held from then on. */
  move(id: string, key: EntryKey, digest: Sha256): boolean
  /** Names in no order, at most `limit`. */
  names(id: string, limit: number): readonly EvictedName[]
  /** Puts a name back; false where it exists again, which stays as it is. */
  restore(id: string, key: EntryKey): boolean
  /** After names were put back but this tag, which leads elsewhere by now: its manifest counts as replaced since `at`. */
  noteReplaced(tag: EvictedName, at: number): void
  /** Forgets one that was undone. */
  remove(id: string): void
  /** It cannot be undone from now on, and holds nothing. */
  end(id: string): void
  /** Its content that is here, after `last`, in order. */
  blobs(id: string, limit: number, last: Sha256 | undefined): readonly EvictedBlob[]
  /** It is over. */
  close(id: string): void
  /** Whether content stays because an eviction can be undone. */
  holds(digest: Sha256): boolean
  /** Whether a name leads to it, or an image with a name has it. */
  isNeeded(digest: Sha256): boolean
}

/** Rows of evictions that are over, for people. */
const MOST_OVER = 200

/** What a row of `entries` holds; `evicted_names` has the same columns. */
const COLUMNS = `repository, kind, ref, digest, media_type, size, etag, headers, fetched_at, checked_at, created_at,
                 used_at, pulls, replaced_at, previous, gone_at, moved_to`
/** Index -> manifest -> layer, and one level more for whoever nests them. */
const DEEPEST = 3

export function createEvictions(db: Db, memo: { clear(): void }): Evictions {
  return { ...createRecords(db), ...createMoves(db, memo), ...createHeld(db) }
}

interface Row extends Omit<EvictionRow, 'names' | 'until'> {
  readonly names: string
  readonly until: number | null
}

const toRow = ({ names, until, ...rest }: Row): EvictionRow => ({
  ...rest,
  // Written by `add` below.
  names: JSON.parse(names) as string[],
  until: until ?? undefined,
})

function createRecords(db: Db) {
  const add = db.prepare(
    `INSERT INTO evictions (id, at, who, names, images, files, objects, bytes, until)
     VALUES (@id, @at, @who, @names, @images, @files, @objects, @bytes, @until)`,
  )
  const trim = db.prepare(
    `DELETE FROM evictions WHERE until IS NULL AND id NOT IN
       (SELECT id FROM evictions WHERE until IS NULL ORDER BY at DESC LIMIT ${MOST_OVER})`,
  )
  const correct = db.prepare(
    'UPDATE evictions SET images = @images, files = @files, objects = @objects, bytes = @bytes WHERE id = @id',
  )
  const list = db.prepare<[], Row>('SELECT * FROM evictions ORDER BY at DESC, id')
  const find = db.prepare<[string], Row>('SELECT * FROM evictions WHERE id = ?')
  const open = db.prepare<[], Row>('SELECT * FROM evictions WHERE until IS NOT NULL ORDER BY until, id')
  const end = db.prepare('UPDATE evictions SET until = 0 WHERE id = ? AND until IS NOT NULL')
  const over = db.prepare('UPDATE evictions SET until = NULL WHERE id = ?')
  const drop = db.prepare('DELETE FROM evictions WHERE id = ?')
  const dropNames = db.prepare('DELETE FROM evicted_names WHERE eviction = ?')
  const dropBlobs = db.prepare('DELETE FROM evicted_blobs WHERE eviction = ?')
  const forget = (id: string): void => {
    dropNames.run(id)
    dropBlobs.run(id)
  }
  return {
    add: ({ names, until, ...rest }: EvictionRow): void => {
      trim.run()
      add.run({ ...rest, names: JSON.stringify(names), until: until ?? null })
    },
    correct: ({ id, images, files, objects, bytes }: EvictionRow) =>
      void correct.run({ id, images, files, objects, bytes }),
    list: () => list.all().map(toRow),
    find: (id: string) => {
      const row = find.get(id)
      return row === undefined ? undefined : toRow(row)
    },
    open: () => open.all().map(toRow),
    end: (id: string) => void end.run(id),
    close: (id: string): void => {
      forget(id)
      over.run(id)
    },
    remove: (id: string): void => {
      forget(id)
      drop.run(id)
    },
  }
}

interface NameRow {
  front_end: FrontEndName
  upstream: string
  name: string
  kind: EntryKey['kind']
  ref: string | Buffer
  digest: Buffer
  size: number | null
}

const AT = 'repository = @repository AND kind = @kind AND ref = @ref'

function createMoves(db: Db, memo: { clear(): void }) {
  const repositoryOf = db
    .prepare<[string, string, string], number>(
      'SELECT id FROM repositories WHERE front_end = ? AND upstream = ? AND name = ?',
    )
    .pluck()
  const keep = db.prepare(
    `INSERT OR REPLACE INTO evicted_names SELECT @id, ${COLUMNS} FROM entries WHERE ${AT} AND digest = @digest`,
  )
  const hold = db.prepare(
    `INSERT OR IGNORE INTO evicted_blobs
     WITH RECURSIVE below (digest, depth) AS (
       SELECT @digest, 0 UNION
       SELECT e.child, depth + 1 FROM below CROSS JOIN edges e ON e.parent = below.digest WHERE depth < ${DEEPEST})
     SELECT DISTINCT @id, digest FROM below WHERE EXISTS (SELECT 1 FROM blobs b WHERE b.digest = below.digest)`,
  )
  const drop = db.prepare(`DELETE FROM entries WHERE ${AT}`)
  const names = db.prepare<[string, number], NameRow>(
    `SELECT r.front_end, r.upstream, r.name, n.kind, n.ref, n.digest, b.size
       FROM evicted_names n CROSS JOIN repositories r ON r.id = n.repository
            LEFT JOIN blobs b ON b.digest = n.digest
      WHERE n.eviction = ? LIMIT ?`,
  )
  const putBack = db.prepare(
    `INSERT OR IGNORE INTO entries (${COLUMNS})
     SELECT ${COLUMNS} FROM evicted_names WHERE eviction = @id AND ${AT}`,
  )
  const forget = db.prepare(`DELETE FROM evicted_names WHERE eviction = @id AND ${AT}`)
  const replaced = db.prepare(
    `UPDATE entries SET replaced_at = @at
      WHERE repository = @repository AND kind = 'manifest' AND ref = @digest AND replaced_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM entries t WHERE t.digest = @digest AND t.repository = @repository
                           AND t.kind = 'manifest' AND typeof(t.ref) = 'text')`,
  )
  const placeOf = (id: string, { frontEnd, upstream, repository, kind, ref }: EntryKey) => ({
    id,
    repository: repositoryOf.get(frontEnd, upstream, repository) ?? -1,
    kind,
    ref: toRef(ref),
  })
  return {
    move: (id: string, key: EntryKey, digest: Sha256): boolean => {
      memo.clear()
      const place = placeOf(id, key)
      const bytes = toBytes(digest)
      if (keep.run({ ...place, digest: bytes }).changes === 0) return false
      hold.run({ id, digest: bytes })
      drop.run({ repository: place.repository, kind: place.kind, ref: place.ref })
      return true
    },
    names: (id: string, limit: number): readonly EvictedName[] => names.all(id, limit).map(toName),
    restore: (id: string, key: EntryKey): boolean => {
      memo.clear()
      const place = placeOf(id, key)
      const isBack = putBack.run(place).changes > 0
      forget.run(place)
      return isBack
    },
    noteReplaced: ({ key, digest }: EvictedName, at: number): void => {
      memo.clear()
      replaced.run({ repository: placeOf('', key).repository, digest: toBytes(digest), at })
    },
  }
}

function toName({ front_end: frontEnd, upstream, name, kind, ref, digest, size }: NameRow): EvictedName {
  const key = { frontEnd, upstream, repository: name, kind, ref: fromRef(ref) }
  return { key, digest: toSha256(digest), size: size ?? undefined }
}

/** Sorts before every digest. */
const NOTHING = Buffer.alloc(0)

function createHeld(db: Db) {
  const blobs = db.prepare<[string, Buffer, number], { digest: Buffer; size: number; used_at: number }>(
    `SELECT b.digest, b.size, b.used_at FROM evicted_blobs h CROSS JOIN blobs b ON b.digest = h.digest
      WHERE h.eviction = ? AND h.digest > ? ORDER BY h.digest LIMIT ?`,
  )
  const holds = db.prepare<[Buffer]>(
    `SELECT 1 FROM evicted_blobs h CROSS JOIN evictions v ON v.id = h.eviction
      WHERE h.digest = ? AND v.until > 0 LIMIT 1`,
  )
  const needed = db.prepare<{ digest: Buffer }>(`SELECT 1 WHERE ${isNeeded('@digest')}`)
  return {
    blobs: (id: string, limit: number, last: Sha256 | undefined): readonly EvictedBlob[] =>
      blobs
        .all(id, last === undefined ? NOTHING : toBytes(last), limit)
        .map(({ digest, size, used_at: usedAt }) => ({ digest: toSha256(digest), size, usedAt })),
    holds: (digest: Sha256): boolean => holds.get(toBytes(digest)) !== undefined,
    isNeeded: (digest: Sha256): boolean => needed.get({ digest: toBytes(digest) }) !== undefined,
  }
}
