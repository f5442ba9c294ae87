import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import type { ImageName } from './rows.ts'

/** Finds the id of a repository. */
export function findRepository(
  db: Db,
  place: { frontEnd?: string | undefined; upstream: string; repository: string },
): number | undefined {
  const { frontEnd = 'oci', upstream, repository } = place
  const select = prepared<[string, string, string], number>(
    db,
    'SELECT id FROM main.repositories WHERE front_end = ? AND upstream = ? AND name = ?',
  )
  return select.pluck().get(frontEnd, upstream, repository)
}

/** As `findRepository`, for many names at one moment: most are of the same few repositories. */
export function repositoryIds(db: Db): (place: Parameters<typeof findRepository>[1]) => number | undefined {
  const known = new Map<string, number | undefined>()
  return (place) => {
    const key = `${place.frontEnd ?? ''} ${place.upstream} ${place.repository}`
    const before = known.get(key)
    if (before !== undefined || known.has(key)) return before
    const id = findRepository(db, place)
    known.set(key, id)
    return id
  }
}

/** Tags of a manifest in a repository, in order; undefined where it has no name there. */
export function tagsOf(db: Db, repository: number, digest: Buffer): readonly string[] | undefined {
  const rows = prepared<[Buffer, number], string | null>(
    db,
    `SELECT CASE WHEN typeof(ref) = 'text' THEN ref END FROM main.entries
      WHERE digest = ? AND repository = ? AND kind = 'manifest'`,
  )
    .pluck()
    .all(digest, repository)
  return rows.length === 0 ? undefined : rows.filter((tag) => tag !== null).sort()
}

/** The tags that each image has at this moment, with blanks between; undefined for those that are gone. */
export function standings(
  db: Db,
  { images }: { images: readonly ImageName[] },
): readonly (string | undefined)[] {
  const idOf = repositoryIds(db)
  return db.transaction(() =>
    images.map((image) => {
      const repository = idOf(image)
      if (repository === undefined) return undefined
      return tagsOf(db, repository, Buffer.from(image.digest.slice(7), 'hex'))?.join(' ')
    }),
  )()
}

/** Manifests of a repository that stand for themselves: with a tag, or no part of another one there. */
export function imageDigests(db: Db, repository: number): readonly string[] {
  const select = prepared<[number], Buffer>(
    db,
    `SELECT e.digest FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.repository = ? AND e.kind = 'manifest' GROUP BY e.digest
     HAVING sum(typeof(e.ref) = 'text') > 0
         OR NOT EXISTS (SELECT 1 FROM main.edges x CROSS JOIN main.entries p
                           ON p.digest = x.parent AND p.repository = e.repository AND p.kind = 'manifest'
                              CROSS JOIN main.blobs pb ON pb.digest = p.digest
                         WHERE x.child = e.digest)
      ORDER BY min(CASE WHEN typeof(e.ref) = 'text' THEN 0 ELSE 1 END), min(e.ref)`,
  )
  const digests = select.pluck().all(repository)
  return digests.map(toSha256)
}

/** Whether a manifest stands for itself in a repository, as `imageDigests` says it of all. */
export function isImage(db: Db, repository: number, digest: Buffer): boolean {
  const select = prepared<[Buffer, number], number>(
    db,
    `SELECT max(typeof(e.ref) = 'text')
         OR NOT EXISTS (SELECT 1 FROM main.edges x CROSS JOIN main.entries p
                           ON p.digest = x.parent AND p.repository = e.repository AND p.kind = 'manifest'
                              CROSS JOIN main.blobs pb ON pb.digest = p.digest
                         WHERE x.child = e.digest)
       FROM main.entries e CROSS JOIN main.blobs b ON b.digest = e.digest
      WHERE e.digest = ? AND e.repository = ? AND e.kind = 'manifest' GROUP BY e.digest`,
  )
  return select.pluck().get(digest, repository) === 1
}
