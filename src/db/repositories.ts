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

/** Names of repositories with manifests, page by page; the work is that of the page, however many there are. */
export function createRepositoryList(db: Db): RepositoryList {
  const select = db.prepare<{ frontEnd: string; upstream: string; last: string; limit: number }, string>(
    `SELECT name FROM repositories r
      WHERE front_end = @frontEnd AND upstream = @upstream AND name > @last
        AND EXISTS (SELECT 1 FROM entries e WHERE e.repository = r.id AND e.kind = 'manifest')
      ORDER BY name LIMIT @limit`,
  )
  select.pluck()
  const next = db.prepare<[string, string], string | null>(
    'SELECT min(upstream) FROM repositories WHERE front_end = ? AND upstream > ?',
  )
  next.pluck()
  const upstreamsOf = (frontEnd: string): readonly string[] => {
    const found: string[] = []
    for (let one = next.get(frontEnd, ''); typeof one === 'string'; one = next.get(frontEnd, one))
      found.push(one)
    // As whole names are ordered: "a.b/x" comes before "a/x".
    return found.sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1))
  }
  return ({ frontEnd, upstream, last, limit }) => {
    if (upstream !== undefined) return select.all({ frontEnd, upstream, last, limit })
    const paths: string[] = []
    for (const one of upstreamsOf(frontEnd)) {
      const prefix = `${one}/`
      const isBefore = prefix <= last && !last.startsWith(prefix)
      if (isBefore || paths.length >= limit) continue
      const from = last.startsWith(prefix) ? last.slice(prefix.length) : ''
      const names = select.all({ frontEnd, upstream: one, last: from, limit: limit - paths.length })
      paths.push(...names.map((name) => prefix + name))
    }
    return paths
  }
}
