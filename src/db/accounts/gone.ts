import { fileOf, fileText } from '../../domain/file-names.ts'
import type { EntryKey } from '../../domain/names.ts'
import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import { GONE_AT } from './news.ts'
import type { ImageName } from './removal.ts'

/** Which of these images cannot be pulled again, at this moment, in their order. */
export function goneOf(db: Db, { images }: { images: readonly ImageName[] }): readonly boolean[] {
  const gone = new Set(allGone(db).map((one) => nameOf({ ...one, digest: toSha256(one.digest) })))
  return images.map((image) => gone.size > 0 && gone.has(nameOf(image)))
}

function nameOf({ upstream, repository, digest }: ImageName): string {
  return `${upstream}/${repository}@${digest}`
}

interface GoneRow {
  readonly upstream: string
  readonly repository: string
  readonly digest: Buffer
}

/** Every image that cannot be pulled again and is here. The work is that of names that are known to be gone. */
function allGone(db: Db): readonly GoneRow[] {
  return prepared<[], GoneRow>(
    db,
    `SELECT r.upstream, r.name AS repository, e.digest
       FROM (SELECT DISTINCT repository, digest FROM main.entries INDEXED BY entries_gone
              WHERE gone_at IS NOT NULL AND kind = 'manifest') g
            CROSS JOIN main.blobs b ON b.digest = g.digest
            CROSS JOIN main.entries e ON e.digest = g.digest AND e.repository = g.repository AND e.kind = 'manifest'
            CROSS JOIN main.repositories r ON r.id = e.repository
      GROUP BY e.repository, e.digest HAVING ${GONE_AT} IS NOT NULL`,
  ).all()
}

/**
 * Marks all that images hold which cannot be pulled again as held, and files of which the same is so; says how many images
 * and files these are. Part of a plan.
 */
export function holdGone(db: Db): number {
  // Its table lives as long as a plan: a statement that is kept would not outlive it.
  const hold = db.prepare<[Buffer]>(
    `INSERT OR IGNORE INTO temp.held
     WITH RECURSIVE below (digest, depth) AS (
       SELECT ?, 0 UNION
       SELECT e.child, depth + 1 FROM below CROSS JOIN main.edges e ON e.parent = below.digest
        WHERE depth < ${DEEPEST})
     SELECT digest FROM below`,
  )
  const all = allGone(db)
  for (const { digest } of all) hold.run(digest)
  const files = goneFiles(db)
  for (const { digest } of files) hold.run(digest)
  const names = files.map(fileOf).filter((file) => file !== undefined)
  return all.length + new Set(names.map(fileText)).size
}

type GoneFile = Pick<EntryKey, 'frontEnd' | 'repository' | 'ref'> & { readonly digest: Buffer }

function goneFiles(db: Db): readonly GoneFile[] {
  return prepared<[], GoneFile>(
    db,
    `SELECT r.front_end AS frontEnd, r.name AS repository, e.ref, e.digest
       FROM main.entries e INDEXED BY entries_gone CROSS JOIN main.blobs b ON b.digest = e.digest
            CROSS JOIN main.repositories r ON r.id = e.repository
      WHERE e.gone_at IS NOT NULL AND e.kind = 'file'`,
  ).all()
}
