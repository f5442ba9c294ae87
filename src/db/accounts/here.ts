import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { repositoryIds } from './tagged.ts'

/** Tags of one repository that are looked at. */
const MOST_TAGS = 1000

/**
 * Tags of these repositories whose images are here, of each at most `most`, in no particular order; undefined for those
 * of which nothing is here. An image without a tag makes a repository that is here without tags.
 */
export function tagsHere(
  db: Db,
  { upstream, repositories, most = MOST_TAGS }: TagsHereAsk,
): readonly (readonly string[] | undefined)[] {
  const idOf = repositoryIds(db)
  const tags = prepared<[number, number], string>(
    db,
    `SELECT e.ref FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' AND e.ref < x'' LIMIT ?`,
  ).pluck()
  const untagged = prepared<[number], number>(
    db,
    `SELECT 1 FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' LIMIT 1`,
  ).pluck()
  const one = (repository: string): readonly string[] | undefined => {
    const id = idOf({ upstream, repository })
    if (id === undefined) return undefined
    const found = tags.all(id, most)
    return found.length > 0 || untagged.get(id) === 1 ? found : undefined
  }
  return db.transaction(() => repositories.map(one))()
}

export interface TagsHereAsk {
  readonly upstream: string
  readonly repositories: readonly string[]
  readonly most?: number
}

/** Where a tag leads here. */
export interface TagHere {
  readonly digest: string
  /** False: what it leads to is not here, but what it led to before. */
  readonly isHere: boolean
  /** When its upstream said so. */
  readonly checkedAt: number
}

/** Where these tags of a repository lead, in their order; undefined for those of which nothing is here. */
export function whereTagsLead(
  db: Db,
  { tags, ...place }: { upstream: string; repository: string; tags: readonly string[] },
): readonly (TagHere | undefined)[] {
  const id = repositoryIds(db)(place)
  if (id === undefined) return tags.map(() => undefined)
  const find = prepared<
    [number, string],
    { digest: Buffer; checkedAt: number; here: number; before: number }
  >(
    db,
    `SELECT e.digest, e.checked_at AS checkedAt,
            EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.digest) AS here,
            EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.previous) AS before
       FROM main.entries e WHERE e.repository = ? AND e.kind = 'manifest' AND e.ref = ?`,
  )
  const one = (tag: string): TagHere | undefined => {
    const row = find.get(id, tag)
    if (row === undefined || (row.here === 0 && row.before === 0)) return undefined
    return { digest: toSha256(row.digest), isHere: row.here === 1, checkedAt: row.checkedAt }
  }
  return db.transaction(() => tags.map(one))()
}
