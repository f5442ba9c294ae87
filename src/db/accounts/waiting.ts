import { isNeeded } from '../needed.ts'
import type { Db } from '../open.ts'
import { BLOCKS, type PlanAsk } from './plan-ask.ts'

/** What waits for undo and goes all the same. */
export interface PlannedEvictions {
  /** In this order. */
  readonly ids: readonly string[]
  readonly objects: number
  readonly frees: number
}

/** waiting: what leaves the disk with evictions that can be undone, by the last one that has it. */
const TABLE = `CREATE TEMP TABLE waiting (
  digest BLOB NOT NULL PRIMARY KEY, turn INTEGER NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID`

/**
 * Part of a plan, before all others: evictions whose time is over, then further ones until as much is free as asked for.
 * Each goes as a whole; what the others have is marked as held.
 */
export function planEvictions(db: Db, { now, free }: PlanAsk): PlannedEvictions {
  const open = db
    .prepare<[], { id: string; until: number }>(
      'SELECT id, until FROM main.evictions WHERE until IS NOT NULL ORDER BY until, id',
    )
    .all()
  if (open.length === 0) return { ids: [], objects: 0, frees: 0 }
  fillWaiting(db, open)
  const sums = db
    .prepare<[], { turn: number; objects: number; bytes: number }>(
      `SELECT turn, count(*) AS objects, sum(${BLOCKS}) AS bytes FROM temp.waiting b GROUP BY turn`,
    )
    .all()
  const byTurn = new Map(sums.map((row) => [row.turn, row]))
  const plan = { ids: [] as string[], objects: 0, frees: 0 }
  for (const [turn, { id, until }] of open.entries()) {
    if (until > now && plan.frees >= free) break
    plan.ids.push(id)
    plan.objects += byTurn.get(turn)?.objects ?? 0
    plan.frees += byTurn.get(turn)?.bytes ?? 0
  }
  mark(db, plan.ids.length, open.slice(plan.ids.length))
  return plan
}

function fillWaiting(db: Db, open: readonly { id: string }[]): void {
  db.exec(`DROP TABLE IF EXISTS temp.waiting; ${TABLE}`)
  const fill = db.prepare(
    `INSERT INTO temp.waiting
     SELECT h.digest, @turn, b.size FROM main.evicted_blobs h CROSS JOIN main.blobs b ON b.digest = h.digest
      WHERE h.eviction = @id AND b.pinned = 0 AND h.digest NOT IN (SELECT digest FROM temp.held)
        AND NOT ${isNeeded('h.digest')}
     ON CONFLICT DO UPDATE SET turn = excluded.turn`,
  )
  for (const [turn, { id }] of open.entries()) fill.run({ id, turn })
}

function mark(db: Db, until: number, kept: readonly { id: string }[]): void {
  db.prepare('INSERT OR IGNORE INTO temp.planned SELECT digest, size FROM temp.waiting WHERE turn < ?').run(
    until,
  )
  const hold = db.prepare(
    'INSERT OR IGNORE INTO temp.held SELECT digest FROM main.evicted_blobs WHERE eviction = ?',
  )
  for (const { id } of kept) hold.run(id)
  db.exec('DROP TABLE temp.waiting')
}
