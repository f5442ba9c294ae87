import type { EntryKey, FrontEndName } from '../domain/names.ts'
import type { Db } from './open.ts'

/** Names of repositories with entries, byte order, after `last`. */
export type RepositoryList = (page: {
  frontEnd: FrontEndName
  upstream?: string
  last: string
  limit: number
}) => readonly string[]

export type RepositoryKey = Pick<EntryKey, 'frontEnd' | 'upstream' | 'repository'>

export type RepositoryIds = ReturnType<typeof createRepositoryIds>

/** Ids are never reused or changed, so they are remembered; the memory is dropped when it grows large. */
export function createRepositoryIds(db: Db) {
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

/** Names of repositories with manifests, page by page. */
export function createRepositoryList(db: Db): RepositoryList {
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
