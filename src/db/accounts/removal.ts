import type { Sha256 } from '../../domain/digest.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { beginNeeds, endNeeds, findNeeds } from './needs.ts'
import { BLOCKS } from './plan-ask.ts'

/** What one repository has under one digest. */
export interface ImageName {
  readonly frontEnd?: string
  readonly upstream: string
  readonly repository: string
  readonly digest: string
}

export interface RemovalAsk {
  readonly images: readonly ImageName[]
}

/** A name that goes, as long as it leads there. */
export type RemovedName = EntryKey & { readonly digest: Sha256 }

/** What taking out images means for names and disk. Sizes are bytes on disk. */
export interface Removal {
  /** Those that go. */
  readonly images: readonly ImageName[]
  /** Those that stay because they are pinned. */
  readonly pinned: readonly ImageName[]
  /** Those that have no name there. */
  readonly notFound: readonly ImageName[]
  /** What leaves the disk: no name and no image is left that needs it. */
  readonly digests: readonly Sha256[]
  /** Names that go, and where they lead: of the images, tags included, and of what their repositories need for no other. */
  readonly entries: readonly RemovedName[]
  /** Every tag of the images that go, as "upstream/repository:tag". */
  readonly tags: readonly string[]
  /** Of all that the images hold. */
  readonly total: number
  readonly frees: number
}

/**
 * What goes when these images go, at this moment. The work is that of what they hold, however large the index is.
 * `ignorePins`: counts pinned content as any other.
 */
export function removal(db: Db, { images }: RemovalAsk, ignorePins = false): Removal {
  return db.transaction(() => {
    beginNeeds(db)
    const sorted = choose(db, images, ignorePins)
    findNeeds(db, ignorePins)
    const result = { ...sorted, ...report(db) }
    endNeeds(db)
    return result
  })()
}

interface Chosen {
  readonly images: readonly ImageName[]
  readonly pinned: readonly ImageName[]
  readonly notFound: readonly ImageName[]
}

function choose(db: Db, images: readonly ImageName[], ignorePins: boolean): Chosen {
  const find = prepared<
    { frontEnd: string; upstream: string; repository: string; digest: Buffer },
    { id: number; pinned: number }
  >(
    db,
    `SELECT r.id, coalesce((SELECT pinned FROM main.blobs WHERE digest = @digest), 0) AS pinned
       FROM main.repositories r
      WHERE r.front_end = @frontEnd AND r.upstream = @upstream AND r.name = @repository
        AND EXISTS (SELECT 1 FROM main.entries e
                     WHERE e.digest = @digest AND e.repository = r.id AND e.kind = 'manifest')`,
  )
  const add = prepared<unknown[]>(db, 'INSERT OR IGNORE INTO temp.going VALUES (?, ?)')
  const chosen = { images: [] as ImageName[], pinned: [] as ImageName[], notFound: [] as ImageName[] }
  for (const image of images) {
    const { frontEnd = 'oci', upstream, repository } = image
    const digest = bytesOf(image.digest)
    const row = digest === undefined ? undefined : find.get({ frontEnd, upstream, repository, digest })
    if (row === undefined) chosen.notFound.push(image)
    else if (row.pinned === 1 && !ignorePins) chosen.pinned.push(image)
    else if (add.run(row.id, digest).changes > 0) chosen.images.push(image)
  }
  return chosen
}

/** Blobs are known by their SHA-256 only. */
function bytesOf(digest: string): Buffer | undefined {
  return /^sha256:[0-9a-f]{64}$/.test(digest) ? Buffer.from(digest.slice(7), 'hex') : undefined
}

interface EntryRow {
  frontEnd: EntryKey['frontEnd']
  upstream: string
  repository: string
  kind: EntryKey['kind']
  ref: string | Buffer
  digest: Buffer
}

function report(db: Db): Pick<Removal, 'digests' | 'entries' | 'tags' | 'total' | 'frees'> {
  const freed = prepared<[], { digest: Buffer; bytes: number }>(db, 'SELECT * FROM temp.freed').all()
  const entries = prepared<[], EntryRow>(
    db,
    `SELECT r.front_end AS frontEnd, r.upstream, r.name AS repository, e.kind, e.ref, e.digest
         FROM temp.doomed d
              CROSS JOIN main.entries e ON e.digest = d.digest AND e.repository = d.repository AND e.kind = 'manifest'
              CROSS JOIN main.repositories r ON r.id = e.repository
       UNION ALL
       SELECT r.front_end, r.upstream, r.name, e.kind, e.ref, e.digest
         FROM temp.under u
              CROSS JOIN main.entries e ON e.digest = u.digest AND e.repository = u.repository AND e.kind = 'blob'
              CROSS JOIN main.repositories r ON r.id = e.repository
        WHERE u.stays = 0`,
  ).all()
  const total = prepared<[], number>(
    db,
    `SELECT coalesce(sum(${BLOCKS}), 0) FROM (SELECT DISTINCT digest FROM temp.under) u
              CROSS JOIN main.blobs b ON b.digest = u.digest`,
  )
    .pluck()
    .get()
  return {
    digests: freed.map(({ digest }) => toSha256(digest)),
    entries: entries.map((row) => ({ ...row, ref: fromRef(row.ref), digest: toSha256(row.digest) })),
    tags: tagsOfGoing(db),
    total: total ?? 0,
    frees: freed.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function tagsOfGoing(db: Db): readonly string[] {
  const select = prepared<[], string>(
    db,
    `SELECT r.upstream || '/' || r.name || ':' || e.ref
       FROM temp.going g
            CROSS JOIN main.entries e ON e.digest = g.digest AND e.repository = g.repository AND e.kind = 'manifest'
            CROSS JOIN main.repositories r ON r.id = e.repository
      WHERE typeof(e.ref) = 'text' ORDER BY 1`,
  )
  return select.pluck().all()
}
