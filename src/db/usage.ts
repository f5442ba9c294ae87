import { HOUR } from '../domain/clock.ts'
import { createMinutes, type Minutes } from './minutes.ts'
import type { Db } from './open.ts'

/** Hours that are kept: two months. */
const KEPT = 62 * 24 * HOUR

/** An answer to a client (its outcome), or what an upstream sent ("fetched"). */
export interface Traffic {
  readonly frontEnd: string
  readonly upstream: string
  readonly outcome: string
  readonly bytes: number
  readonly at: number
}

export interface UsageRow {
  readonly frontEnd: string
  readonly upstream: string
  readonly outcome: string
  readonly requests: number
  readonly bytes: number
}

export interface Usage {
  /** Counts it, in memory. */
  note(traffic: Traffic): void
  /** Writes what was counted. Throws when the index cannot be written; nothing is lost then. */
  flush(): void
  /** Sums since this process began, written or not. */
  sums(): readonly UsageRow[]
  /** Sums since a time, of what is written. */
  since(at: number): readonly UsageRow[]
  /** By the minute, written or not. */
  readonly minutes: Pick<Minutes, 'since'>
}

interface Sum {
  readonly frontEnd: string
  readonly upstream: string
  readonly outcome: string
  requests: number
  bytes: number
}

interface Count extends Sum {
  readonly hour: number
}

/** Traffic by hour, for people. */
export function createUsage(db: Db): Usage {
  const add = db.prepare(
    `INSERT INTO usage VALUES (@hour, @frontEnd, @upstream, @outcome, @requests, @bytes)
     ON CONFLICT DO UPDATE SET requests = requests + @requests, bytes = bytes + @bytes`,
  )
  const drop = db.prepare('DELETE FROM usage WHERE hour < ?')
  const since = db.prepare<[number], UsageRow>(
    `SELECT front_end AS frontEnd, upstream, outcome, sum(requests) AS requests, sum(bytes) AS bytes
       FROM usage WHERE hour >= ? GROUP BY front_end, upstream, outcome ORDER BY upstream, front_end, outcome`,
  )
  const minutes = createMinutes()
  let counts = new Map<string, Count>()
  /** What was counted last: most answers are like the one before. */
  let latest: Count | undefined
  const countOf = ({ frontEnd, upstream, outcome }: Traffic, hour: number): Count => {
    const key = `${hour} ${frontEnd} ${upstream} ${outcome}`
    const known = counts.get(key)
    if (known !== undefined) return known
    const count = { hour, frontEnd, upstream, outcome, requests: 0, bytes: 0 }
    counts.set(key, count)
    return count
  }
  const ended = new Map<string, Sum>()
  const end = ({ hour: _hour, ...count }: Count): void => {
    const key = `${count.frontEnd} ${count.upstream} ${count.outcome}`
    const sum = ended.get(key)
    if (sum === undefined) ended.set(key, count)
    else {
      sum.requests += count.requests
      sum.bytes += count.bytes
    }
  }
  const flush = (): void => {
    if (counts.size === 0) return
    const newest = Math.max(...[...counts.values()].map(({ hour }) => hour))
    const write = (): void => {
      for (const count of counts.values()) add.run(count)
      drop.run(newest - KEPT)
    }
    if (db.inTransaction) write()
    else db.transaction(write).immediate()
    for (const count of counts.values()) end(count)
    counts = new Map()
    latest = undefined
  }
  return {
    note: (traffic) => {
      minutes.add(traffic)
      const hour = traffic.at - (traffic.at % HOUR)
      if (latest === undefined || !isSame(latest, traffic, hour)) latest = countOf(traffic, hour)
      latest.requests++
      latest.bytes += traffic.bytes
    },
    flush,
    sums: () => {
      const groups = Map.groupBy(
        [...ended.values(), ...counts.values()],
        ({ frontEnd, upstream, outcome }) => `${frontEnd} ${upstream} ${outcome}`,
      )
      return [...groups.values()].flatMap(sumUp)
    },
    since: (at) => since.all(at - (at % HOUR)),
    minutes,
  }
}

function sumUp(group: readonly Sum[]): readonly UsageRow[] {
  const [first] = group
  if (first === undefined) return []
  const { frontEnd, upstream, outcome } = first
  const requests = group.reduce((sum, one) => sum + one.requests, 0)
  const bytes = group.reduce((sum, one) => sum + one.bytes, 0)
  return [{ frontEnd, upstream, outcome, requests, bytes }]
}

function isSame(count: Count, { frontEnd, upstream, outcome }: Traffic, hour: number): boolean {
  return (
    count.hour === hour &&
    count.outcome === outcome &&
    count.upstream === upstream &&
    count.frontEnd === frontEnd
  )
}
