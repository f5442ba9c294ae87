import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import { toBytes, toRef, toSha256 } from './digests.ts'
import { headersIn } from './entry-headers.ts'
import { createGone, type Gone } from './gone.ts'
import type { Memo } from './memo.ts'
import { createMoved, isTag } from './moved.ts'
import { createNames, type Names } from './names.ts'
import type { Db } from './open.ts'
import { createRepositoryIds, type RepositoryIds } from './repositories.ts'

/** What the index knows of one name. */
export interface Entry {
  readonly digest: Sha256
  readonly size: number
  readonly mediaType: string | undefined
  readonly etag: string | undefined
  /** Response headers that travel with the content. */
  readonly headers: Readonly<Record<string, string>>
  readonly fetchedAt: number
  /** When an upstream last confirmed it. */
  readonly checkedAt: number
  /** Set when the bytes are on disk: size and change time of the file as last verified. */
  readonly blob: { readonly size: number; readonly stamp: number } | undefined
  /** Where the name pointed before, while the bytes it points to now are not on disk. */
  readonly previous: Sha256 | undefined
}

export type NewEntry = Omit<Entry, 'blob' | 'previous'>

export interface Entries extends Names, Gone {
  find(key: EntryKey): Entry | undefined
  /**
   * Inserts or replaces. Where the new bytes are not on disk, the way to those that are is kept as `previous`; to
   * have pointed there counts as a confirmation of that digest.
   */
  put(key: EntryKey, entry: NewEntry): void
  /** These bytes are on disk now: nobody needs the way to older ones. Belongs after the row is added. */
  arrived(digest: Sha256): void
  /** The upstream confirmed it now; what was noted against it is forgotten. */
  confirm(key: EntryKey, at: number): void
  remove(key: EntryKey, at: number): void
  /** Removes it for good: unlike a tag that moved on, nothing remembers it. True when it was there. */
  drop(key: EntryKey): boolean
  /** Removes it unless it was confirmed since `checkedAt`; true when it is gone. */
  removeUnchanged(key: EntryKey, checkedAt: number): boolean
}

interface Row {
  digest: Buffer
  media_type: string | null
  size: number
  etag: string | null
  headers: string | null
  fetched_at: number
  checked_at: number
  blob_size: number | null
  stamp: number | null
  previous: Buffer | null
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** Undefined for a row that makes no sense: damage that SQLite does not see costs a fetch, no more. */
function toEntry(row: Row): Entry | undefined {
  const headers = row.headers === null ? NO_HEADERS : headersIn(row.headers)
  if (headers === undefined || row.digest.length !== 32) return undefined
  return {
    digest: toSha256(row.digest),
    size: row.size,
    mediaType: row.media_type ?? undefined,
    etag: row.etag ?? undefined,
    headers,
    fetchedAt: row.fetched_at,
    checkedAt: row.checked_at,
    blob:
      row.blob_size === null || row.stamp === null ? undefined : { size: row.blob_size, stamp: row.stamp },
    previous: row.previous === null ? undefined : toSha256(row.previous),
  }
}

/** Name -> digest. Every call is one transaction, or part of the one that is open. */
export function createEntries(db: Db, memo: Memo<Entry>): Entries {
  const repositoryId = createRepositoryIds(db)
  const find = db.prepare<[number, string, string | Buffer], Row>(
    `SELECT e.digest, e.media_type, e.size, e.etag, e.headers, e.fetched_at, e.checked_at,
            b.size AS blob_size, b.stamp, e.previous
       FROM entries e LEFT JOIN blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = ? AND e.ref = ?`,
  )
  const put = db.prepare(
    `INSERT INTO entries (repository, kind, ref, digest, media_type, size, etag, headers, fetched_at, checked_at,
                          created_at, used_at)
     VALUES (@repository, @kind, @ref, @digest, @mediaType, @size, @etag, @headers, @fetchedAt, @checkedAt,
             @checkedAt, @checkedAt)
     ON CONFLICT DO UPDATE SET digest = @digest, media_type = @mediaType, size = @size, etag = @etag,
            headers = @headers, fetched_at = @fetchedAt, checked_at = @checkedAt,
            gone_at = NULL, moved_to = NULL,
            previous = CASE WHEN EXISTS (SELECT 1 FROM blobs WHERE digest = @digest) THEN NULL
                            WHEN EXISTS (SELECT 1 FROM blobs b WHERE b.digest = entries.digest) THEN entries.digest
                            ELSE entries.previous END`,
  )
  const arrived = db.prepare('UPDATE entries SET previous = NULL WHERE digest = ? AND previous IS NOT NULL')
  const moved = createMoved(db)
  const { forget, ...news } = createGone(db, repositoryId)
  const confirm = db.prepare(
    `UPDATE entries SET checked_at = ?, gone_at = NULL, moved_to = NULL
      WHERE repository = ? AND kind = ? AND ref = ?`,
  )
  const look = (key: EntryKey): Entry | undefined => {
    const repository = repositoryId.find(key)
    const row = repository === undefined ? undefined : find.get(repository, key.kind, toRef(key.ref))
    return row === undefined ? undefined : toEntry(row)
  }
  return {
    find: (key) => memo.find(keyText(key), () => look(key)),
    put: (key, entry) => {
      memo.clear()
      forget(key)
      const repository = repositoryId.ensure(key)
      const ref = toRef(key.ref)
      const before = moved.target(repository, key.kind, ref)
      if (isTag(key)) moved.confirmTarget(repository, ref)
      put.run({
        repository,
        kind: key.kind,
        ref,
        digest: toBytes(entry.digest),
        mediaType: entry.mediaType ?? null,
        size: entry.size,
        etag: entry.etag ?? null,
        headers: Object.keys(entry.headers).length === 0 ? null : JSON.stringify(entry.headers),
        fetchedAt: entry.fetchedAt,
        checkedAt: entry.checkedAt,
      })
      if (isTag(key)) moved.note({ repository, from: before, to: toBytes(entry.digest), at: entry.checkedAt })
    },
    arrived: (digest) => {
      memo.clear()
      arrived.run(toBytes(digest))
    },
    confirm: (key, at) => {
      memo.clear()
      forget(key)
      const repository = repositoryId.find(key)
      if (repository !== undefined) confirm.run(at, repository, key.kind, toRef(key.ref))
    },
    ...createRemovals(db, memo, { repositoryId, moved }),
    ...createNames(db, repositoryId),
    ...news,
  }
}

function createRemovals(
  db: Db,
  memo: Memo<Entry>,
  { repositoryId, moved }: { repositoryId: RepositoryIds; moved: ReturnType<typeof createMoved> },
): Pick<Entries, 'remove' | 'drop' | 'removeUnchanged'> {
  const remove = db.prepare('DELETE FROM entries WHERE repository = ? AND kind = ? AND ref = ?')
  const removeUnchanged = db.prepare(
    'DELETE FROM entries WHERE repository = ? AND kind = ? AND ref = ? AND checked_at = ?',
  )
  return {
    remove: (key, at) => {
      memo.clear()
      const repository = repositoryId.find(key)
      if (repository === undefined) return
      const ref = toRef(key.ref)
      const before = moved.target(repository, key.kind, ref)
      remove.run(repository, key.kind, ref)
      if (isTag(key)) moved.note({ repository, from: before, to: undefined, at })
    },
    drop: (key) => {
      memo.clear()
      const repository = repositoryId.find(key)
      if (repository === undefined) return false
      return remove.run(repository, key.kind, toRef(key.ref)).changes > 0
    },
    removeUnchanged: (key, checkedAt) => {
      memo.clear()
      const repository = repositoryId.find(key)
      if (repository === undefined) return false
      return removeUnchanged.run(repository, key.kind, toRef(key.ref), checkedAt).changes > 0
    },
  }
}
