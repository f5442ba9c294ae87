import { DAY } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'
import { toBytes } from './digests.ts'
import type { Db } from './open.ts'
import { prepared } from './prepared.ts'

/** Days that are kept: those that are shown, and today. */
const KEPT = 31 * DAY
/** Old rows that go at once: with ten thousand repositories a day has that many. */
const SLICE = 200

/** Pulls of one name at one time, in milliseconds since the epoch. */
export interface PullsOf {
  readonly key: EntryKey
  readonly digest: Sha256
  readonly at: number
  readonly pulls: number
}

/** Counts pulls of images by repository and day, inside a transaction of the caller. */
export interface PullDays {
  add(use: PullsOf): void
  /** Forgets some of what is older than a month. */
  forget(now: number): void
}

export function createPullDays(db: Db): PullDays {
  // As in lists, a manifest that is part of another one of its repository counts with that one.
  const add = db.prepare(
    `INSERT INTO pulls_by_day
     SELECT r.id, @day, @pulls FROM repositories r
      WHERE r.front_end = @frontEnd AND r.upstream = @upstream AND r.name = @repository
        AND (@isTag = 1 OR NOT EXISTS (
              SELECT 1 FROM edges x CROSS JOIN entries p
                  ON p.digest = x.parent AND p.repository = r.id AND p.kind = 'manifest' WHERE x.child = @digest))
     ON CONFLICT DO UPDATE SET pulls = pulls + excluded.pulls`,
  )
  const forget = db.prepare(
    `DELETE FROM pulls_by_day WHERE (repository, day) IN (
       SELECT repository, day FROM pulls_by_day WHERE day < ? ORDER BY day LIMIT ${SLICE})`,
  )
  return {
    add: ({ key, digest, at, pulls }) => {
      if (key.kind !== 'manifest' || pulls === 0) return
      const { frontEnd, upstream, repository } = key
      add.run({
        frontEnd,
        upstream,
        repository,
        digest: toBytes(digest),
        isTag: isTag(key) ? 1 : 0,
        day: dayOf(at),
        pulls,
      })
    },
    forget: (now) => void forget.run(dayOf(now) - KEPT),
  }
}

function isTag({ ref }: EntryKey): boolean {
  return !ref.includes(':')
}

function dayOf(at: number): number {
  return at - (at % DAY)
}

export interface PullDaysAsk {
  /** Ids of repositories. */
  readonly repositories: readonly number[]
  /** The last of the days, in milliseconds since the epoch. */
  readonly until: number
  readonly days: number
}

/** Pulls per day (UTC) of each repository, the oldest day first; an empty list where there were none. */
export function pullDays(db: Db, { repositories, until, days }: PullDaysAsk): readonly (readonly number[])[] {
  const from = dayOf(until) - (days - 1) * DAY
  const select = prepared<[number, number], { day: number; pulls: number }>(
    db,
    'SELECT day, pulls FROM main.pulls_by_day WHERE repository = ? AND day >= ?',
  )
  return repositories.map((id) => {
    const rows = select.all(id, from).filter(({ day }) => day < from + days * DAY)
    if (rows.length === 0) return []
    const sums = Array.from({ length: days }, () => 0)
    for (const { day, pulls } of rows) sums[(day - from) / DAY] = pulls
    return sums
  })
}
