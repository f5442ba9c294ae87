import { toBytes } from '../digests.ts'
import type { Db } from '../open.ts'
import { counts } from './counts.ts'
import { expiredEntries } from './expired.ts'
import { holdGone } from './gone.ts'
import { BLOCKS } from './plan-ask.ts'
import { coldestContent, NO_CONTENT, overBlobs, unusedContent } from './plan-blobs.ts'
import { accountImages, type ImageReasons, imagesOfGoal } from './plan-images.ts'
import { itemsOf } from './plan-items.ts'
import { type Narrowing, narrow } from './plan-narrow.ts'
import { closeScope, openScope } from './plan-scope.ts'
import type { Plan, PlanOrder } from './plan-shape.ts'
import { replacedImages } from './replaced.ts'
import { planEvictions } from './waiting.ts'

export type { Plan } from './plan-shape.ts'

/** What a clean-up would take out, reason by reason; nothing is counted twice, and nothing is changed. */
export function plan(db: Db, ask: PlanOrder): Plan {
  openTables(db, ask)
  const goneImages = ask.keepsGone === true ? holdGone(db) : 0
  const narrowing = narrow(db, ask)
  openScope(db, ask)
  const evicted = planEvictions(db, ask)
  const expired = planExpired(db, ask, narrowing)
  const { later, ...images } = planImages(db, ask, narrowing)
  const unused = narrowing.skips('unused') ? NO_CONTENT : unusedContent(db, ask)
  const over = planOver(db, ask, narrowing)
  const gone = sum([evicted, expired, ...Object.values(images), unused, ...over].map(({ frees }) => frees))
  const rest = { bytes: ask.free - gone, planned: unused.mirrors }
  const coldest = narrowing.skips('coldest') ? NO_CONTENT : coldestContent(db, ask, rest)
  const found = { evicted, expired, ...images, unused, over, coldest }
  const items = ask.lists === true ? itemsOf(db, found) : { items: [], count: 0 }
  const kept = { ...keptBlobs(db, ask), gone: goneImages, later }
  closeScope(db)
  db.exec('DROP TABLE temp.planned; DROP TABLE temp.held')
  return { ...found, items, kept, counts: counts(db) }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/**
 * - planned: what goes
 * - held: what is in somebody's hands
 */
function openTables(db: Db, { held }: PlanOrder): void {
  db.exec('DROP TABLE IF EXISTS temp.planned; DROP TABLE IF EXISTS temp.held')
  db.exec(`CREATE TEMP TABLE planned (digest BLOB NOT NULL PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID;
           CREATE TEMP TABLE held (digest BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID`)
  const hold = db.prepare('INSERT OR IGNORE INTO temp.held VALUES (?)')
  for (const digest of held) hold.run(toBytes(digest))
}

function planExpired(db: Db, ask: PlanOrder, { skips }: Narrowing): Plan['expired'] {
  if (skips('expired')) return { entries: [], frees: 0 }
  if (ask.shown === undefined) return expiredEntries(db, ask)
  const add = db.prepare('INSERT OR IGNORE INTO temp.planned VALUES (?, ?)')
  const { entries, frees } = ask.shown.expired
  for (const entry of entries) if (entry.frees > 0) add.run(toBytes(entry.digest), entry.frees)
  return { entries, frees }
}

function planImages(db: Db, ask: PlanOrder, { skips, keeps }: Narrowing): ImageReasons & { later: number } {
  const { shown } = ask
  const replaced = shown?.replaced.images ?? replacedImages(db, ask)
  const { untagged, platform, later } =
    shown === undefined
      ? imagesOfGoal(db, ask)
      : { untagged: shown.untagged.images, platform: shown.platform.images, later: shown.kept.later }
  const sums = accountImages(db, {
    replaced: skips('replaced') ? [] : replaced.filter(keeps),
    untagged: skips('untagged') ? [] : untagged.filter(keeps),
    platform: skips('platform') ? [] : platform.filter(keeps),
  })
  return { ...sums, later }
}

function planOver(db: Db, ask: PlanOrder, { skips }: Narrowing): Plan['over'] {
  if (skips('upstream')) return []
  const over = ask.shown?.over.map(({ upstream, blobs }) => ({ upstream, bytes: 0, blobs })) ?? ask.over
  return over.map((one) => ({ upstream: one.upstream, ...overBlobs(db, one, ask) }))
}

function keptBlobs(db: Db, ask: PlanOrder): Omit<Plan['kept'], 'gone' | 'later'> {
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
