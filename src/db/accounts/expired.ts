import type { Sha256 } from '../../domain/digest.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toSha256 } from '../digests.ts'
import { isBelowImage } from '../needed.ts'
import type { Db } from '../open.ts'
import { expiredFiles } from './expired-files.ts'
import { BLOCKS, type PlanAsk } from './plan-ask.ts'

/** A name that is of no use any more, with its content where nothing else leads there. */
export interface ExpiredEntry {
  readonly key: EntryKey
  readonly digest: Sha256
  readonly checkedAt: number
  /** When its content was used last; undefined for what is of no use however often it is used. */
  readonly usedAt: number | undefined
  /** What leaves the disk with it, in bytes. */
  readonly frees: number
}

interface Row {
  frontEnd: EntryKey['frontEnd']
  upstream: string
  repository: string
  kind: EntryKey['kind']
  ref: string | Buffer
  digest: Buffer
  checkedAt: number
  usedAt: number | null
  bytes: number | null
  others: number
}

/** expiring: names that go. */
const TABLE = `CREATE TEMP TABLE expiring (
  repository INTEGER NOT NULL, kind TEXT NOT NULL, ref ANY NOT NULL, digest BLOB NOT NULL, used_at INTEGER,
  PRIMARY KEY (repository, kind, ref)) STRICT, WITHOUT ROWID`

/** Repository by repository, so that the entries of blobs, which are most of them, need not be read. */
const EXPIRED_OF_IMAGES = `
  INSERT INTO temp.expiring
  SELECT e.repository, e.kind, e.ref, e.digest, NULL
    FROM main.repositories r CROSS JOIN main.entries e ON e.repository = r.id AND e.kind IN ('tags', 'referrers')
         LEFT JOIN main.blobs b ON b.digest = e.digest
   WHERE e.checked_at < @before AND coalesce(b.pinned, 0) = 0 AND e.digest NOT IN (SELECT digest FROM temp.held)
  UNION ALL
  SELECT e.repository, e.kind, e.ref, e.digest, NULL
    FROM main.repositories r CROSS JOIN main.entries e ON e.repository = r.id AND e.kind = 'manifest'
   WHERE e.checked_at < @before AND NOT EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.digest)
     AND e.digest NOT IN (SELECT digest FROM temp.held)`

const FOUND = `
  SELECT r.front_end AS frontEnd, r.upstream, r.name AS repository, x.kind, x.ref, x.digest,
         e.checked_at AS checkedAt, x.used_at AS usedAt, ${BLOCKS} AS bytes,
         EXISTS (SELECT 1 FROM main.entries o
                  WHERE o.digest = x.digest AND (o.repository, o.kind, o.ref) NOT IN
                        (SELECT repository, kind, ref FROM temp.expiring))
         OR ${isBelowImage('x.digest')} AS others
    FROM temp.expiring x CROSS JOIN main.entries e ON e.repository = x.repository AND e.kind = x.kind AND e.ref = x.ref
         CROSS JOIN main.repositories r ON r.id = x.repository
         LEFT JOIN main.blobs b ON b.digest = x.digest`

/**
 * Lists whose stale window is over, and tags that only point to a manifest that is not here; and what is beside files for
 * as long. A tag with content stays, however old: its upstream confirms it before it is served.
 */
export function expiredEntries(
  db: Db,
  ask: PlanAsk,
): { readonly entries: readonly ExpiredEntry[]; readonly frees: number } {
  db.exec(`DROP TABLE IF EXISTS temp.expiring; ${TABLE}`)
  db.prepare(EXPIRED_OF_IMAGES).run({ before: ask.staleBefore })
  const expire = db.prepare('INSERT INTO temp.expiring VALUES (@repository, @kind, @ref, @digest, @usedAt)')
  for (const row of expiredFiles(db, ask)) expire.run({ ...row, kind: 'file' })
  const rows = db.prepare<[], Row>(FOUND).all()
  const add = db.prepare('INSERT OR IGNORE INTO temp.planned VALUES (?, ?)')
  const entries = rows.map((row): ExpiredEntry => {
    // Two names of one document free it once.
    const isLast = row.bytes !== null && row.others === 0 && add.run(row.digest, row.bytes).changes > 0
    const { frontEnd, upstream, repository, kind } = row
    return {
      key: { frontEnd, upstream, repository, kind, ref: fromRef(row.ref) },
      digest: toSha256(row.digest),
      checkedAt: row.checkedAt,
      usedAt: row.usedAt ?? undefined,
      frees: isLast ? (row.bytes ?? 0) : 0,
    }
  })
  db.exec('DROP TABLE temp.expiring')
  return { entries, frees: entries.reduce((all, { frees }) => all + frees, 0) }
}
