import type { Sha256 } from '../../domain/digest.ts'
import { createImageGlob, namesReference } from '../../domain/glob.ts'
import { isPlain, partPlain } from '../../domain/glob-set.ts'
import { fromRef, toRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import { BLOCKS } from './plan-ask.ts'

/** What the marks of pinned blobs lack, and what they have too much. */
export interface PinMarks {
  readonly missing: readonly Sha256[]
  readonly surplus: readonly Sha256[]
}

/** Compares the marks of all blobs with what pins cover: manifests they name, and everything below those. */
export function pinned(db: Db, { matches }: { matches: readonly string[] }): PinMarks {
  db.exec('DROP TABLE IF EXISTS temp.covered')
  db.exec('CREATE TEMP TABLE covered (digest BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID')
  const cover = db.prepare('INSERT OR IGNORE INTO temp.covered VALUES (?)')
  for (const digest of createFinder(db)(matches)) cover.run(digest)
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

interface Place {
  readonly id: number
  readonly name: string
}

interface ManifestRow {
  readonly ref: string | Buffer
  readonly digest: Buffer
  readonly previous: Buffer | null
}

/** Finds manifests by patterns. What is named plainly is looked up; for globs, repositories are gone through. */
function createFinder(db: Db) {
  const places = db.prepare<[], Place>("SELECT id, upstream || '/' || name AS name FROM repositories").all()
  const byName = new Map<string, Place[]>()
  for (const place of places) byName.set(place.name, [...(byName.get(place.name) ?? []), place])
  const FROM = "SELECT ref, digest, previous FROM entries WHERE repository = ? AND kind = 'manifest'"
  const all = db.prepare<[number], ManifestRow>(FROM)
  const one = db.prepare<[number, string | Buffer], ManifestRow>(`${FROM} AND ref = ?`)

  function* plainly(match: string): Generator<ManifestRow> {
    const { repository, reference } = partPlain(match)
    for (const { id } of byName.get(repository) ?? [])
      yield* reference === undefined ? all.all(id) : one.all(id, toRef(reference))
  }

  function* byGlobs(matches: readonly string[]): Generator<ManifestRow> {
    if (matches.length === 0) return
    const globs = matches.map((match) => ({
      matches: createImageGlob(match),
      repository: createRepositoryGlob(match),
    }))
    for (const { id, name } of places) {
      const some = globs.filter((glob) => glob.repository(name))
      if (some.length === 0) continue
      for (const row of all.all(id)) if (some.some((glob) => glob.matches(name, fromRef(row.ref)))) yield row
    }
  }

  return function* (matches: readonly string[]): Generator<Buffer> {
    const found = function* () {
      for (const match of matches.filter(isPlain)) yield* plainly(match)
      yield* byGlobs(matches.filter((match) => !isPlain(match)))
    }
    for (const { digest, previous } of found()) {
      yield digest
      // What the tag pointed to before is all there is of it until the new manifest is here.
      if (previous !== null) yield previous
    }
  }
}

/** Whether anything in a repository can match; the part of a glob that is about tags may hold a slash only by "**". */
function createRepositoryGlob(match: string): (repository: string) => boolean {
  const glob = createImageGlob(match)
  if (!namesReference(match)) return (repository) => glob(repository, '')
  const end = Math.max(match.lastIndexOf(':'), match.indexOf('@'))
  const repositories = createImageGlob(match.slice(0, match.includes('@') ? match.indexOf('@') : end))
  return (repository) => match.includes('**') || repositories(repository, '')
}

/** What each pin covers: images by name, and all that they hold, in bytes on disk. */
export function pinHoldings(
  db: Db,
  { matches }: { matches: readonly string[] },
): readonly { images: number; bytes: number }[] {
  const find = createFinder(db)
  return matches.map((match) => {
    const digests = new Set([...find([match])].map((digest) => digest.toString('hex')))
    return { images: digests.size, bytes: bytesBelow(db, digests) }
  })
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
