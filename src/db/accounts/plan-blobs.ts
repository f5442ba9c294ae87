import { onDisk } from '../../domain/blocks.ts'
import type { Db } from '../open.ts'
import { type BlobList, toBlobList } from './blob-list.ts'
import { BLOCKS, type CandidateRow } from './plan-ask.ts'
import { among } from './plan-narrow.ts'
import { ONLY_IN_SCOPE } from './plan-scope.ts'
import type { PlannedBlobs, PlanOrder } from './plan-shape.ts'

export const NO_BLOBS: PlannedBlobs = { blobs: toBlobList([]), objects: 0, total: 0, frees: 0 }

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
export function unusedBlobs(db: Db, ask: PlanOrder): PlannedBlobs {
  const own = Object.entries(ask.unusedBeforeOf)
  const cutoffs = [ask.unusedBefore, ...own.map(([, before]) => before)].filter((one) => one !== undefined)
  if (cutoffs.length === 0) return planRows(db, [])
  const rows = db
    .prepare<[number], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b
        WHERE b.used_at < ? AND ${FREE_TO_GO} ${among(db, ask.shown?.unused.blobs)}
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

interface OverAsk {
  readonly upstream: string
  readonly bytes: number
  /** Only these. */
  readonly blobs?: BlobList | undefined
}

/**
 * The coldest blobs with a name of one upstream, until `bytes` are together. Those that another upstream needs lose
 * this one's names only.
 */
export function overBlobs(db: Db, { upstream, blobs, ...over }: OverAsk, ask: PlanOrder): PlannedBlobs {
  const bytes = blobs === undefined ? over.bytes - plannedOf(db, upstream) : Number.POSITIVE_INFINITY
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
          AND b.used_at <= @youngSince AND ${FREE_TO_GO} ${among(db, blobs)}
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

/** The least recently used, until as many bytes are together as are still to be freed. Needs the scope. */
export function coldestBlobs(db: Db, ask: PlanOrder, bytes: number): PlannedBlobs {
  const { shown, scope } = ask
  if (shown === undefined && bytes <= 0) return NO_BLOBS
  const rows = db
    .prepare<[number], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b WHERE b.used_at <= ? AND ${FREE_TO_GO}
          ${among(db, shown?.coldest.blobs)} ${scope?.upstreams === undefined ? '' : `AND ${ONLY_IN_SCOPE}`}
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .iterate(ask.youngSince)
  return planRows(db, upTo(rows, shown === undefined ? bytes : Number.POSITIVE_INFINITY))
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
