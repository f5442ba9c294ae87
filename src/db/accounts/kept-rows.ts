import { steadyClock } from '../../domain/clock.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { stopwatch } from './kept-run.ts'

/** Rows of one repository that took a while to put together. */
interface Rows<T> {
  readonly rows: readonly T[]
  readonly version: string
  /** Names in the repository. */
  readonly names: number
  /** As `stopwatch()`. */
  readonly tookMs: number
  /** As `steadyClock`. */
  readonly madeAt: number
}

/** Below that they are made again whenever the index has changed, */
const AT_ONCE_MS = 50
/** else that takes at most a tenth of the time. */
const REST = 10
/** Others wait for so much work: it is not done anew for what somebody just did. */
const LONG_MS = 500
/** Repositories whose rows are remembered. */
const MOST = 4

/**
 * Rows of a repository, remembered as long as they are young for the work they are, no name came or went, and they are not
 * of before `since`, as `steadyClock`, unless they are long work. People turn pages, and few repositories at a time. `tag` tells apart what else they
 * are made of.
 */
export function createKeptRows<T>(): (
  db: Db,
  repository: number,
  make: { readonly tag: string; readonly since?: number | undefined; readonly rows: () => readonly T[] },
) => readonly T[] {
  const known = new WeakMap<Db, Map<number, Rows<T>>>()
  return (db, repository, { tag, since = 0, rows }) => {
    const all = known.get(db) ?? new Map<number, Rows<T>>()
    known.set(db, all)
    const version = `${String(db.pragma('data_version', { simple: true }))} ${tag}`
    const kept = all.get(repository)
    all.delete(repository)
    const names = namesIn(db, repository)
    const now = steadyClock()
    const isSame = (one: Rows<T>): boolean =>
      one.names === names && (one.madeAt >= since || one.tookMs > LONG_MS)
    const isGood = kept !== undefined && (kept.version === version || (isSame(kept) && isYoung(kept, now)))
    const made = isGood ? kept : makeRows({ version, names, madeAt: now, rows })
    all.set(repository, made)
    const [oldest] = all.keys()
    if (all.size > MOST && oldest !== undefined) all.delete(oldest)
    return made.rows
  }
}

function isYoung({ tookMs, madeAt }: Rows<unknown>, now: number): boolean {
  return tookMs >= AT_ONCE_MS && now - madeAt < tookMs * REST
}

function namesIn(db: Db, repository: number): number {
  const sql = "SELECT count(*) AS names FROM main.entries WHERE repository = ? AND kind = 'manifest'"
  return prepared<[number], { names: number }>(db, sql).get(repository)?.names ?? 0
}

function makeRows<T>({
  rows,
  ...asked
}: Pick<Rows<T>, 'version' | 'names' | 'madeAt'> & { rows: () => readonly T[] }): Rows<T> {
  const took = stopwatch()
  const made = rows()
  return { ...asked, rows: made, tookMs: took() }
}
