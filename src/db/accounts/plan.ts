import { onDisk } from '../../domain/blocks.ts'
import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { type BlobList, toBlobList } from './blob-list.ts'
import { type Counts, counts } from './counts.ts'
import { type ExpiredEntry, expiredEntries } from './expired.ts'
import { BLOCKS, type CandidateRow, type PlanAsk } from './plan-ask.ts'
import { type Replaced, replacedImages } from './replaced.ts'
import { type PlannedEvictions, planEvictions } from './waiting.ts'

export interface PlannedBlobs {
  readonly blobs: BlobList
  readonly objects: number
  readonly total: number
  readonly frees: number
}

export interface Plan {
  readonly evicted: PlannedEvictions
  readonly expired: { readonly entries: readonly ExpiredEntry[]; readonly frees: number }
  readonly replaced: Replaced
  readonly unused: PlannedBlobs
  readonly over: readonly (PlannedBlobs & { readonly upstream: string })[]
  readonly coldest: PlannedBlobs
  readonly kept: { readonly pinned: number; readonly pinnedBytes: number; readonly young: number }
  /** How much there is as long as nothing of it was done. */
  readonly counts: Counts
}

/** What a clean-up would take out, reason by reason; nothing is counted twice, and nothing is changed. */
export function plan(db: Db, ask: PlanAsk): Plan {
  db.exec('DROP TABLE IF EXISTS temp.planned; DROP TABLE IF EXISTS temp.held')
  db.exec(`CREATE TEMP TABLE planned (digest BLOB NOT NULL PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
           CREATE TEMP TABLE held (digest BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID`)
  const hold = db.prepare('INSERT OR IGNORE INTO temp.held VALUES (?)')
  for (const digest of ask.held) hold.run(toBytes(digest))
  const evicted = planEvictions(db, ask)
  const expired = expiredEntries(db, ask)
  const replaced = replacedImages(db, ask)
  const unused = unusedBlobs(db, ask)
  const over = ask.over.map((one) => ({ upstream: one.upstream, ...planOver(db, one, ask) }))
  const before = [evicted, expired, replaced, unused, ...over]
  const gone = sum(before.map(({ frees }) => frees))
  const coldest = planRows(db, coldestBlobs(db, ask, ask.free - gone))
  const kept = keptBlobs(db, ask)
  db.exec('DROP TABLE temp.planned; DROP TABLE temp.held')
  return { evicted, expired, replaced, unused, over, coldest, kept, counts: counts(db) }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Neither planned already nor in somebody's hands. */
const FREE_TO_GO = `b.pinned = 0 AND b.digest NOT IN (SELECT digest FROM temp.held)
   AND b.digest NOT IN (SELECT digest FROM temp.planned)`

function planRows(db: Db, rows: readonly CandidateRow[]): PlannedBlobs {
  const add = db.prepare('INSERT OR IGNORE INTO temp.planned VALUES (?, ?)')
  for (const { digest, size } of rows) add.run(digest, size)
  const frees = sum(rows.map(({ size }) => onDisk(size)))
  return { blobs: toBlobList(rows), objects: rows.length, total: frees + keptBelow(db, rows), frees }
}

/** What images that go share with others, and so stays: makes "total" the size people know these images by. */
function keptBelow(db: Db, rows: readonly CandidateRow[]): number {
  if (rows.length === 0) return 0
  const row = db
    .prepare<[], { bytes: number }>(
      `SELECT coalesce(sum(${BLOCKS}), 0) AS bytes FROM blobs b
        WHERE b.digest IN (SELECT e.child FROM temp.planned p JOIN edges e ON e.parent = p.digest)
          AND b.digest NOT IN (SELECT digest FROM temp.planned)`,
    )
    .get()
  return row?.bytes ?? 0
}

/** Where upstreams keep for different times, the longest of those that have a name for it holds. */
function unusedBlobs(db: Db, ask: PlanAsk): PlannedBlobs {
  const own = Object.entries(ask.unusedBeforeOf)
  const cutoffs = [ask.unusedBefore, ...own.map(([, before]) => before)].filter((one) => one !== undefined)
  if (cutoffs.length === 0) return planRows(db, [])
  const rows = db
    .prepare<[number], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b WHERE b.used_at < ? AND ${FREE_TO_GO}
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .all(Math.max(...cutoffs))
  if (own.length === 0) return planRows(db, rows)
  const upstreams = db
    .prepare<[Buffer], string>(
      `SELECT DISTINCT r.upstream FROM entries e JOIN repositories r ON r.id = e.repository WHERE e.digest = ?`,
    )
    .pluck()
  const cutoffOf = (upstream: string): number =>
    (upstream in ask.unusedBeforeOf ? ask.unusedBeforeOf[upstream] : ask.unusedBefore) ?? NEVER
  const isUnused = ({ digest, used_at }: CandidateRow): boolean => {
    const names = upstreams.all(digest)
    const cutoff = names.length === 0 ? (ask.unusedBefore ?? NEVER) : Math.min(...names.map(cutoffOf))
    return used_at < cutoff
  }
  return planRows(db, rows.filter(isUnused))
}

const NEVER = Number.NEGATIVE_INFINITY

/**
 * The coldest blobs with a name of one upstream, until `bytes` are together. Those that another upstream needs lose
 * this one's names only.
 */
function planOver(db: Db, over: { upstream: string; bytes: number }, ask: PlanAsk): PlannedBlobs {
  const { upstream } = over
  const bytes = over.bytes - plannedOf(db, upstream)
  const candidates = db
    .prepare<object, CandidateRow & { needed: number }>(
      `SELECT b.digest, b.size, b.used_at,
              EXISTS (SELECT 1 FROM entries e JOIN repositories r ON r.id = e.repository
                       WHERE e.digest = b.digest AND r.upstream <> @upstream)
              OR EXISTS (SELECT 1 FROM edges x JOIN entries e ON e.digest = x.parent AND e.kind = 'manifest'
                           JOIN repositories r ON r.id = e.repository
                          WHERE x.child = b.digest AND r.upstream <> @upstream) AS needed
         FROM blobs b
        WHERE b.digest IN (SELECT e.digest FROM repositories r JOIN entries e ON e.repository = r.id
                            WHERE r.upstream = @upstream)
          AND b.used_at <= @youngSince AND ${FREE_TO_GO}
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .iterate({ upstream, youngSince: ask.youngSince })
  const rows = upTo(candidates, bytes)
  const leaving = planRows(
    db,
    rows.filter(({ needed }) => needed === 0),
  )
  const total = sum(rows.map(({ size }) => onDisk(size)))
  return { blobs: toBlobList(rows), objects: rows.length, total, frees: leaving.frees }
}

/** What goes of an upstream's content for other reasons already. */
function plannedOf(db: Db, upstream: string): number {
  const bytes = db
    .prepare<[string], number>(
      `SELECT coalesce(sum(${BLOCKS}), 0) FROM temp.planned p JOIN blobs b ON b.digest = p.digest
        WHERE EXISTS (SELECT 1 FROM entries e JOIN repositories r ON r.id = e.repository
                       WHERE e.digest = p.digest AND r.upstream = ?)`,
    )
    .pluck()
    .get(upstream)
  return bytes ?? 0
}

function coldestBlobs(db: Db, ask: PlanAsk, bytes: number): CandidateRow[] {
  if (bytes <= 0) return []
  const rows = db
    .prepare<[number], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b WHERE b.used_at <= ? AND ${FREE_TO_GO}
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .iterate(ask.youngSince)
  return upTo(rows, bytes)
}

function upTo<T extends CandidateRow>(rows: Iterable<T>, bytes: number): T[] {
  const chosen: T[] = []
  let gone = 0
  for (const row of rows) {
    if (gone >= bytes) break
    chosen.push(row)
    gone += onDisk(row.size)
  }
  return chosen
}

function keptBlobs(db: Db, ask: PlanAsk): Plan['kept'] {
  const row = db
    .prepare<[], { pinned: number; pinnedBytes: number }>(
      `SELECT count(*) AS pinned, coalesce(sum(${BLOCKS}), 0) AS pinnedBytes FROM blobs b WHERE b.pinned = 1`,
    )
    .get()
  const young = db
    .prepare<[number], number>('SELECT count(*) FROM blobs b WHERE b.pinned = 0 AND b.used_at > ?')
    .pluck()
    .get(ask.youngSince)
  return { pinned: row?.pinned ?? 0, pinnedBytes: row?.pinnedBytes ?? 0, young: young ?? 0 }
}
