import type { Sha256 } from '../domain/digest.ts'
import type { EntryKey, FrontEndName } from '../domain/names.ts'
import { fromRef, toBytes, toRef } from './digests.ts'
import type { Db } from './open.ts'
import { createRepositoryList, type RepositoryIds, type RepositoryList } from './repositories.ts'

/** What can be asked of names besides where they lead. */
export interface Names {
  /** When a name was last used and how often it was pulled, as far as it is written down. */
  useOf(key: EntryKey): { readonly usedAt: number; readonly pulls: number }
  /** Names that lead to this content, at most `limit`. */
  namesOf(digest: Sha256, limit: number): readonly EntryKey[]
  /** Whether the image lost its last tag then, and was not asked for by digest since. */
  isReplaced(image: { upstream: string; repository: string; digest: Sha256; replacedAt: number }): boolean
  /** Refs of one kind in a repository, byte order. */
  refs(key: Omit<EntryKey, 'ref'>): readonly string[]
  readonly repositories: RepositoryList
}

interface NameRow {
  frontEnd: FrontEndName
  upstream: string
  repository: string
  kind: EntryKey['kind']
  ref: string | Buffer
}

export function createNames(db: Db, repositoryId: RepositoryIds): Names {
  const isReplaced = db.prepare<[number, Buffer, number]>(
    `SELECT 1 FROM entries WHERE repository = ? AND kind = 'manifest' AND ref = ? AND replaced_at = ?
        AND used_at <= replaced_at`,
  )
  const useOf = db.prepare<[number, string, string | Buffer], { usedAt: number; pulls: number }>(
    'SELECT used_at AS usedAt, pulls FROM entries WHERE repository = ? AND kind = ? AND ref = ?',
  )
  const refs = db.prepare<[number, string], string | Buffer>(
    'SELECT ref FROM entries WHERE repository = ? AND kind = ? ORDER BY ref',
  )
  refs.pluck()
  const names = db.prepare<[Buffer, number], NameRow>(
    `SELECT r.front_end AS frontEnd, r.upstream, r.name AS repository, e.kind, e.ref
       FROM entries e JOIN repositories r ON r.id = e.repository WHERE e.digest = ? LIMIT ?`,
  )
  return {
    isReplaced: ({ upstream, repository, digest, replacedAt }) => {
      const id = repositoryId.find({ frontEnd: 'oci', upstream, repository })
      return id !== undefined && isReplaced.get(id, toBytes(digest), replacedAt) !== undefined
    },
    useOf: (key) => {
      const repository = repositoryId.find(key)
      const use = repository === undefined ? undefined : useOf.get(repository, key.kind, toRef(key.ref))
      return use ?? { usedAt: 0, pulls: 0 }
    },
    namesOf: (digest, limit) =>
      names.all(toBytes(digest), limit).map((row) => ({ ...row, ref: fromRef(row.ref) })),
    refs: (key) => {
      const repository = repositoryId.find(key)
      return repository === undefined ? [] : refs.all(repository, key.kind).map(fromRef)
    },
    repositories: createRepositoryList(db),
  }
}
