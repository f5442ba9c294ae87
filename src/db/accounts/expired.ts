import type { Sha256 } from '../../domain/digest.ts'
import type { EntryKey } from '../../domain/names.ts'
import { fromRef, toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { BLOCKS, type PlanAsk } from './plan-ask.ts'

/** A name that is of no use any more, with its content where nothing else leads there. */
export interface ExpiredEntry {
  readonly key: EntryKey
  readonly digest: Sha256
  readonly checkedAt: number
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
  bytes: number | null
  others: number
}

const ENTRY = `r.front_end AS frontEnd, r.upstream, r.name AS repository, e.kind, e.ref, e.digest,
               e.checked_at AS checkedAt`

/** Repository by repository, so that the entries of blobs, which are most of them, need not be read. */
const EXPIRED = `
  SELECT ${ENTRY}, ${BLOCKS} AS bytes,
         (SELECT count(*) FROM main.entries o WHERE o.digest = e.digest
             AND NOT (o.kind IN ('tags', 'referrers') AND o.checked_at < @before)) AS others
    FROM main.repositories r CROSS JOIN main.entries e ON e.repository = r.id AND e.kind IN ('tags', 'referrers')
         LEFT JOIN main.blobs b ON b.digest = e.digest
   WHERE e.checked_at < @before AND coalesce(b.pinned, 0) = 0 AND e.digest NOT IN (SELECT digest FROM temp.held)
  UNION ALL
  SELECT ${ENTRY}, NULL, 0
    FROM main.repositories r CROSS JOIN main.entries e ON e.repository = r.id AND e.kind = 'manifest'
   WHERE e.checked_at < @before AND NOT EXISTS (SELECT 1 FROM main.blobs b WHERE b.digest = e.digest)
     AND e.digest NOT IN (SELECT digest FROM temp.held)`

/**
 * Lists whose stale window is over, and tags that only point to a manifest that is not here. A tag with content
 * stays, however old: its upstream confirms it before it is served.
 */
export function expiredEntries(
  db: Db,
  ask: PlanAsk,
): { readonly entries: readonly ExpiredEntry[]; readonly frees: number } {
  const rows = db.prepare<{ before: number }, Row>(EXPIRED).all({ before: ask.staleBefore })
  const add = db.prepare('INSERT OR IGNORE INTO temp.planned VALUES (?, ?)')
  const entries = rows.map((row): ExpiredEntry => {
    // Two names of one document free it once.
    const isLast = row.bytes !== null && row.others === 0 && add.run(row.digest, row.bytes).changes > 0
    const { frontEnd, upstream, repository, kind } = row
    return {
      key: { frontEnd, upstream, repository, kind, ref: fromRef(row.ref) },
      digest: toSha256(row.digest),
      checkedAt: row.checkedAt,
      frees: isLast ? (row.bytes ?? 0) : 0,
    }
  })
  return { entries, frees: entries.reduce((all, { frees }) => all + frees, 0) }
}
