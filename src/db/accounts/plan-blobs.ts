import { onDisk } from '../../domain/blocks.ts'
import type { Db } from '../open.ts'
import { type BlobList, toBlobList } from './blob-list.ts'
import { BLOCKS, type CandidateRow } from './plan-ask.ts'
import { coldMirrors, unusedMirrors } from './plan-mirrors.ts'
import { among } from './plan-narrow.ts'
import { ONLY_IN_SCOPE } from './plan-scope.ts'
import type { PlannedBlobs, PlannedContent, PlannedMirror, PlanOrder } from './plan-shape.ts'

export const NO_CONTENT: PlannedContent = {
  blobs: toBlobList([]),
  mirrors: [],
  objects: 0,
  files: 0,
  total: 0,
  frees: 0,
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Neither planned already nor in somebody's hands. */
const FREE_TO_GO = `b.pinned = 0 AND b.digest NOT IN (SELECT digest FROM temp.held)
   AND b.digest NOT IN (SELECT digest FROM temp.planned)`

function planRows(db: Db, rows: readonly CandidateRow[]): PlannedBlobs {
  const add = db.prepare('INSERT OR IGNORE INTO temp.planned VALUES (?, ?)')
  for (const { digest, size } of rows) add.run(digest, size)
  const frees = sum(rows.map(({ size }) => onDisk(size)))
  const total = frees + keptBelow(db, rows)
  return { blobs: toBlobList(rows), objects: rows.length, files: countFiles(db, rows), total, frees }
}

function withMirrors(planned: PlannedBlobs, mirrors: readonly PlannedMirror[]): PlannedContent {
  const bytes = sum(mirrors.map((mirror) => mirror.bytes))
  const { objects, total, frees } = planned
  return {
    ...planned,
    mirrors,
    objects: objects + mirrors.length,
    total: total + bytes,
    frees: frees + bytes,
  }
}

/** Those that files have names for; where there are none, nothing is looked at. */
function countFiles(db: Db, rows: readonly CandidateRow[]): number {
  if (rows.length === 0) return 0
  const some = db.prepare<[], number>("SELECT 1 FROM main.repositories WHERE front_end <> 'oci' LIMIT 1")
  if (some.pluck().get() === undefined) return 0
  const isOfFile = db
    .prepare<[Buffer], number>("SELECT 1 FROM main.entries WHERE digest = ? AND kind = 'file' LIMIT 1")
    .pluck()
  return rows.filter(({ digest }) => isOfFile.get(digest) !== undefined).length
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

export function unusedContent(db: Db, ask: PlanOrder): PlannedContent {
  return withMirrors(unusedBlobs(db, ask), unusedMirrors(ask))
}

/** Where upstreams keep for different times, the longest of those that have a name for it holds. */
function unusedBlobs(db: Db, ask: PlanOrder): PlannedBlobs {
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
  const files = countFiles(db, rows)
  return { blobs: toBlobList(rows), objects: rows.length, files, total, frees: leaving.frees }
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

/**
 * The least recently used, mirrors in between, until as many bytes are together as are still to be freed. Needs the scope.
 * `planned`: mirrors that go already.
 */
export function coldestContent(
  db: Db,
  ask: PlanOrder,
  { bytes, planned }: { bytes: number; planned: readonly PlannedMirror[] },
): PlannedContent {
  const { shown, scope } = ask
  if (shown === undefined && bytes <= 0) return NO_CONTENT
  const rows = db
    .prepare<[number], CandidateRow>(
      `SELECT b.digest, b.size, b.used_at FROM blobs b WHERE b.used_at <= ? AND ${FREE_TO_GO}
          ${among(db, shown?.coldest.blobs)} ${scope?.upstreams === undefined ? '' : `AND ${ONLY_IN_SCOPE}`}
        ORDER BY b.used_at, b.size, b.digest`,
    )
    .iterate(ask.youngSince)
  const blobs: CandidateRow[] = []
  const mirrors: PlannedMirror[] = []
  const most = shown === undefined ? bytes : Number.POSITIVE_INFINITY
  let gone = 0
  for (const next of inOrder(rows, coldMirrors(ask, planned))) {
    if (gone >= most) break
    gone += 'digest' in next ? onDisk(next.size) : next.bytes
    if ('digest' in next) blobs.push(next)
    else mirrors.push(next)
  }
  return withMirrors(planRows(db, blobs), mirrors)
}

/** Both by last use; what was used at the same moment, blobs first. */
function* inOrder(
  blobs: Iterable<CandidateRow>,
  mirrors: readonly PlannedMirror[],
): Generator<CandidateRow | PlannedMirror> {
  let at = 0
  for (const blob of blobs) {
    for (let next = mirrors[at]; next !== undefined && next.usedAt < blob.used_at; next = mirrors[++at])
      yield next
    yield blob
  }
  yield* mirrors.slice(at)
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
