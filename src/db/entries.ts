import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, type FrontEndName, keyText } from '../domain/names.ts'
import { fromRef, toBytes, toRef, toSha256 } from './digests.ts'
import type { Memo } from './memo.ts'
import type { Db } from './open.ts'

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
}

export type NewEntry = Omit<Entry, 'blob'>

export interface Entries {
  find(key: EntryKey): Entry | undefined
  /** Inserts or replaces. */
  put(key: EntryKey, entry: NewEntry): void
  /** The upstream confirmed it now. */
  confirm(key: EntryKey, at: number): void
  remove(key: EntryKey): void
  /** Refs of one kind in a repository, byte order. */
  refs(key: Omit<EntryKey, 'ref'>): readonly string[]
  /** Names of repositories with entries, byte order, after `last`. */
  repositories(page: {
    frontEnd: FrontEndName
    upstream?: string
    last: string
    limit: number
  }): readonly string[]
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
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

function toEntry(row: Row): Entry {
  return {
    digest: toSha256(row.digest),
    size: row.size,
    mediaType: row.media_type ?? undefined,
    etag: row.etag ?? undefined,
    // Written by put below, from the same type.
    headers: row.headers === null ? NO_HEADERS : (JSON.parse(row.headers) as Record<string, string>),
    fetchedAt: row.fetched_at,
    checkedAt: row.checked_at,
    blob:
      row.blob_size === null || row.stamp === null ? undefined : { size: row.blob_size, stamp: row.stamp },
  }
}

/** Name -> digest. Every call is one transaction, or part of the one that is open. */
export function createEntries(db: Db, memo: Memo<Entry>): Entries {
  const repositoryId = createRepositoryIds(db)
  const find = db.prepare<[number, string, string | Buffer], Row>(
    `SELECT e.digest, e.media_type, e.size, e.etag, e.headers, e.fetched_at, e.checked_at,
            b.size AS blob_size, b.stamp
       FROM entries e LEFT JOIN blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = ? AND e.ref = ?`,
  )
  const put = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const confirm = db.prepare(
    'UPDATE entries SET checked_at = ? WHERE repository = ? AND kind = ? AND ref = ?',
  )
  const remove = db.prepare('DELETE FROM entries WHERE repository = ? AND kind = ? AND ref = ?')
  const refs = db.prepare<[number, string], string | Buffer>(
    'SELECT ref FROM entries WHERE repository = ? AND kind = ? ORDER BY ref',
  )
  refs.pluck()
  const look = (key: EntryKey): Entry | undefined => {
    const repository = repositoryId.find(key)
    const row = repository === undefined ? undefined : find.get(repository, key.kind, toRef(key.ref))
    return row === undefined ? undefined : toEntry(row)
  }
  return {
    find: (key) => memo.find(keyText(key), () => look(key)),
    put: (key, entry) => {
      memo.clear()
      put.run(
        repositoryId.ensure(key),
        key.kind,
        toRef(key.ref),
        toBytes(entry.digest),
        entry.mediaType ?? null,
        entry.size,
        entry.etag ?? null,
        Object.keys(entry.headers).length === 0 ? null : JSON.stringify(entry.headers),
        entry.fetchedAt,
        entry.checkedAt,
      )
    },
    confirm: (key, at) => {
      memo.clear()
      const repository = repositoryId.find(key)
      if (repository !== undefined) confirm.run(at, repository, key.kind, toRef(key.ref))
    },
    remove: (key) => {
      memo.clear()
      const repository = repositoryId.find(key)
      if (repository !== undefined) remove.run(repository, key.kind, toRef(key.ref))
    },
    refs: (key) => {
      const repository = repositoryId.find(key)
      return repository === undefined ? [] : refs.all(repository, key.kind).map(fromRef)
    },
    repositories: createRepositoryList(db),
  }
}

type RepositoryKey = Pick<EntryKey, 'frontEnd' | 'upstream' | 'repository'>

/** Ids are never reused or changed, so they are remembered; the memory is dropped when it grows large. */
function createRepositoryIds(db: Db) {
  const select = db.prepare<[string, string, string], { id: number }>(
    'SELECT id FROM repositories WHERE front_end = ? AND upstream = ? AND name = ?',
  )
  const insert = db.prepare(
    'INSERT INTO repositories (front_end, upstream, name) VALUES (?, ?, ?) RETURNING id',
  )
  const known = new Map<string, number>()
  const find = (key: RepositoryKey): number | undefined => {
    const text = `${key.frontEnd}\0${key.upstream}\0${key.repository}`
    const id = known.get(text) ?? select.get(key.frontEnd, key.upstream, key.repository)?.id
    if (id === undefined || db.inTransaction) return id
    if (known.size >= 50_000) known.clear()
    known.set(text, id)
    return id
  }
  const ensure = (key: RepositoryKey): number =>
    // RETURNING gives exactly one row here.
    find(key) ?? (insert.get(key.frontEnd, key.upstream, key.repository) as { id: number }).id
  return { find, ensure }
}

function createRepositoryList(db: Db): Entries['repositories'] {
  const select = db.prepare<
    { frontEnd: string; upstream: string | null; last: string; limit: number },
    string
  >(
    `SELECT path FROM (
       SELECT CASE WHEN @upstream IS NULL THEN upstream || '/' || name ELSE name END AS path
         FROM repositories r
        WHERE front_end = @frontEnd AND upstream = coalesce(@upstream, upstream)
          AND EXISTS (SELECT 1 FROM entries e WHERE e.repository = r.id AND e.kind = 'manifest'))
      WHERE path > @last ORDER BY path LIMIT @limit`,
  )
  select.pluck()
  return ({ upstream, ...page }) => select.all({ ...page, upstream: upstream ?? null })
}
