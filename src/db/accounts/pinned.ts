import type { Sha256 } from '../../domain/digest.ts'
import { fileText } from '../../domain/file-names.ts'
import { isProtocolName } from '../../domain/protocol-names.ts'
import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import { createFileFinder, type FoundFile } from './pinned-files.ts'
import { createImageFinder } from './pinned-images.ts'
import { BLOCKS } from './plan-ask.ts'

/** What the marks of pinned blobs lack, and what they have too much. */
export interface PinMarks {
  readonly missing: readonly Sha256[]
  readonly surplus: readonly Sha256[]
}

/** Compares the marks of all blobs with what pins cover: manifests they name, everything below those, and files. */
export function pinned(db: Db, { matches }: { matches: readonly string[] }): PinMarks {
  db.exec('DROP TABLE IF EXISTS temp.covered')
  db.exec('CREATE TEMP TABLE covered (digest BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID')
  const cover = db.prepare('INSERT OR IGNORE INTO temp.covered VALUES (?)')
  for (const digest of createImageFinder(db)(matches.filter((match) => !isProtocolName(match))))
    cover.run(digest)
  for (const { digest } of createFileFinder(db)(matches.filter(isProtocolName))) cover.run(digest)
  const below = db.prepare(
    `INSERT OR IGNORE INTO temp.covered SELECT e.child FROM temp.covered c CROSS JOIN main.edges e ON e.parent = c.digest`,
  )
  // Nothing nests deeper than an index of indexes.
  for (let level = 0; level < 3; level++) below.run()
  const missing = db.prepare<[], Buffer>(
    'SELECT b.digest FROM temp.covered c CROSS JOIN main.blobs b ON b.digest = c.digest WHERE b.pinned = 0',
  )
  const surplus = db.prepare<[], Buffer>(
    'SELECT digest FROM main.blobs WHERE pinned = 1 AND digest NOT IN (SELECT digest FROM temp.covered)',
  )
  const marks = {
    missing: missing.pluck().all().map(toSha256),
    surplus: surplus.pluck().all().map(toSha256),
  }
  db.exec('DROP TABLE temp.covered')
  return marks
}

export interface PinHolding {
  readonly images: number
  /** Whose content is here, at least in part. */
  readonly files: number
  /** Of all that they hold, on disk. */
  readonly bytes: number
}

/** What each pin covers. Mirrors of git are in no index. */
export function pinHoldings(db: Db, { matches }: { matches: readonly string[] }): readonly PinHolding[] {
  const images = createImageFinder(db)
  const files = createFileFinder(db)
  return matches.map((match) => {
    if (isProtocolName(match)) return filesHeld(db, files([match]))
    const digests = new Set([...images([match])].map((digest) => digest.toString('hex')))
    return { images: digests.size, files: 0, bytes: bytesBelow(db, digests) }
  })
}

/** What is here of the files that each pattern means, with what is beside them. */
export function fileContents(
  db: Db,
  { matches }: { matches: readonly string[] },
): readonly (readonly Sha256[])[] {
  const files = createFileFinder(db)
  const here = prepared<[Buffer]>(db, 'SELECT 1 FROM main.blobs WHERE digest = ?')
  return matches.map((match) => {
    const found = [...files([match])].filter(({ digest }) => here.get(digest) !== undefined)
    return [...new Set(found.map(({ digest }) => toSha256(digest)))]
  })
}

function filesHeld(db: Db, found: Iterable<FoundFile>): PinHolding {
  const here = prepared<[Buffer]>(db, 'SELECT 1 FROM main.blobs WHERE digest = ?')
  const digests = new Set<string>()
  const files = new Set<string>()
  for (const { digest, file } of found) {
    if (here.get(digest) === undefined) continue
    digests.add(digest.toString('hex'))
    if (file !== undefined) files.add(fileText(file))
  }
  return { images: 0, files: files.size, bytes: bytesBelow(db, digests) }
}

function bytesBelow(db: Db, digests: ReadonlySet<string>): number {
  db.exec('CREATE TEMP TABLE IF NOT EXISTS pinning (digest BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID')
  if (digests.size === 0) return 0
  const add = prepared<[Buffer]>(db, 'INSERT OR IGNORE INTO temp.pinning VALUES (?)')
  for (const digest of digests) add.run(Buffer.from(digest, 'hex'))
  const below = prepared<[]>(
    db,
    'INSERT OR IGNORE INTO temp.pinning SELECT e.child FROM temp.pinning c CROSS JOIN main.edges e ON e.parent = c.digest',
  )
  for (let level = 0; level < DEEPEST; level++) below.run()
  const bytes = prepared<[], number>(
    db,
    `SELECT coalesce(sum(${BLOCKS}), 0) FROM temp.pinning c CROSS JOIN main.blobs b ON b.digest = c.digest`,
  )
    .pluck()
    .get()
  prepared<[]>(db, 'DELETE FROM temp.pinning').run()
  return bytes ?? 0
}
