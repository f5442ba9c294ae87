import { blocksOf } from '../blocks.ts'
import type { Db } from '../open.ts'

/** Bytes on disk of the content that each upstream has names for; shared content counts for each. */
export function holdings(db: Db, _input: undefined): Readonly<Record<string, number>> {
  const rows = db
    .prepare<[], { upstream: string; bytes: number }>(
      `SELECT h.upstream, sum(${blocksOf('b.size')}) AS bytes
         FROM (SELECT DISTINCT r.upstream, e.digest FROM repositories r JOIN entries e ON e.repository = r.id) h
         JOIN blobs b ON b.digest = h.digest GROUP BY h.upstream`,
    )
    .all()
  return Object.fromEntries(rows.map(({ upstream, bytes }) => [upstream, bytes]))
}

/** Bytes on disk of all blobs. */
export function bytes(db: Db, _input: undefined): number {
  const row = db
    .prepare<[], { bytes: number }>(`SELECT coalesce(sum(${blocksOf('size')}), 0) AS bytes FROM blobs`)
    .get()
  return row?.bytes ?? 0
}
