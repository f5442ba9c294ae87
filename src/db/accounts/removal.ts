import type { Sha256 } from '../../domain/digest.ts'
import type { WholeFileName } from '../../domain/file-names.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { chooseFiles } from './file-removal.ts'
import { beginNeeds, endNeeds, findFreed, isPlain, PLAIN_TYPES } from './needs.ts'
import { findRemains } from './remains.ts'
import type { ImageName } from './rows.ts'
import { repositoryIds } from './tagged.ts'

export type { ImageName } from './rows.ts'

export interface RemovalAsk {
  readonly images: readonly ImageName[]
  readonly files?: readonly WholeFileName[]
}

/** A name that goes, as long as it leads there. */
export type RemovedName = EntryKey & { readonly digest: Sha256 }

/** What taking out images and files means for names and disk. Sizes are bytes on disk. */
export interface Removal {
  /** Those that go. */
  readonly images: readonly ImageName[]
  readonly files: readonly WholeFileName[]
  /** Those that stay because they are pinned. */
  readonly pinned: readonly ImageName[]
  /** Those that have no name there. */
  readonly notFound: readonly ImageName[]
  readonly lostFiles: readonly WholeFileName[]
  /** What leaves the disk: no name and no image is left that needs it. */
  readonly digests: readonly Sha256[]
  /** Names that go, and where they lead: of the images, tags included, of files, and of what their repositories need for no other. */
  readonly entries: readonly RemovedName[]
  /** Every tag of the images that go, as "upstream/repository:tag". */
  readonly tags: readonly string[]
  /** Of all that they hold. */
  readonly total: number
  readonly frees: number
}

/** What taking them out would free, in numbers: names and content are not listed. */
export interface RemovalSums {
  readonly pinned: readonly ImageName[]
  readonly notFound: readonly ImageName[]
  readonly lostFiles: readonly WholeFileName[]
  /** Blobs that leave the disk. */
  readonly objects: number
  readonly total: number
  readonly frees: number
}

/** As `removal`, in a fraction of the time. */
export function removalSums(db: Db, { images, files = [] }: RemovalAsk, ignorePins = false): RemovalSums {
  return db.transaction(() => {
    beginNeeds(db)
    const { pinned, notFound } = choose(db, images, ignorePins)
    const { lost: lostFiles } = chooseFiles(db, files)
    findFreed(db, ignorePins)
    const result = { pinned, notFound, lostFiles, ...sumUp(db) }
    endNeeds(db)
    return result
  })()
}

/**
 * What goes when these images and files go, at this moment. The work is that of what they hold, however large the index is.
 * `ignorePins`: counts pinned content as any other. Whether files are pinned is for the caller to know: by their names.
 */
export function removal(db: Db, { images, files = [] }: RemovalAsk, ignorePins = false): Removal {
  return db.transaction(() => {
    beginNeeds(db)
    const sorted = choose(db, images, ignorePins)
    const chosen = chooseFiles(db, files)
    findFreed(db, ignorePins)
    findRemains(db, ignorePins)
    const result = { ...sorted, files: chosen.files, lostFiles: chosen.lost, ...report(db) }
    endNeeds(db)
    return result
  })()
}

interface Chosen {
  readonly images: ImageName[]
  readonly pinned: ImageName[]
  readonly notFound: ImageName[]
}

/** Fills `going`, in few statements: one for each image would take several times as long. */
function choose(db: Db, images: readonly ImageName[], ignorePins: boolean): Chosen {
  const add = prepared<[Buffer, number, number | null]>(
    db,
    'INSERT OR IGNORE INTO temp.going VALUES (?, ?, ?)',
  )
  const idOf = repositoryIds(db)
  const chosen: Chosen = { images: [], pinned: [], notFound: [] }
  const added: { readonly image: ImageName; readonly key: string }[] = []
  for (const image of images) {
    const digest = bytesOf(image.digest)
    const id = idOf(image)
    if (digest === undefined || id === undefined) chosen.notFound.push(image)
    else if (add.run(digest, id, plainOf(image)).changes > 0)
      added.push({ image, key: `${id} ${image.digest}` })
  }
  const notFound = drop(db, `NOT ${isNamedAtAll('g.repository', 'g.digest')}`)
  const pinned = ignorePins
    ? new Set()
    : drop(db, 'EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = g.digest AND b.pinned = 1)')
  prepared<[]>(
    db,
    `UPDATE temp.going AS g SET plain = ${isPlain('g.repository', 'g.digest')} WHERE plain IS NULL`,
  ).run()
  for (const { image, key } of added)
    (notFound.has(key) ? chosen.notFound : pinned.has(key) ? chosen.pinned : chosen.images).push(image)
  return chosen
}

const isNamedAtAll = (repository: string, digest: string): string =>
  `EXISTS (SELECT 1 FROM main.entries e
            WHERE e.digest = ${digest} AND e.repository = ${repository} AND e.kind = 'manifest')`

/** Takes rows `g` out of `going`, and says which. */
function drop(db: Db, which: string): ReadonlySet<string> {
  const rows = prepared<[], { digest: Buffer; id: number }>(
    db,
    `DELETE FROM temp.going AS g WHERE ${which} RETURNING digest, repository AS id`,
  ).all()
  return new Set(rows.map(({ digest, id }) => `${id} ${toSha256(digest)}`))
}

function plainOf({ mediaType }: ImageName): number | null {
  if (mediaType === undefined) return null
  return PLAIN_TYPES.includes(mediaType) ? 1 : 0
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
        WHERE u.stays = 0
       UNION ALL
       SELECT r.front_end, r.upstream, r.name, e.kind, e.ref, e.digest
         FROM temp.leaving l
              CROSS JOIN main.entries e ON e.repository = l.repository AND e.kind = 'file' AND e.ref = l.ref
              CROSS JOIN main.repositories r ON r.id = l.repository`,
  ).all()
  return {
    digests: freed.map(({ digest }) => toSha256(digest)),
    entries: entries.map((row) => ({ ...row, ref: fromRef(row.ref), digest: toSha256(row.digest) })),
    tags: tagsOfGoing(db),
    total: sumUp(db).total,
    frees: freed.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function sumUp(db: Db): Pick<RemovalSums, 'objects' | 'total' | 'frees'> {
  const select = prepared<[], { objects: number; total: number; frees: number }>(
    db,
    `SELECT (SELECT count(*) FROM temp.freed) AS objects,
            coalesce((SELECT sum(bytes) FROM temp.piece), 0) AS total,
            coalesce((SELECT sum(bytes) FROM temp.freed), 0) AS frees`,
  )
  // There always is one row.
  return select.get() as { objects: number; total: number; frees: number }
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
