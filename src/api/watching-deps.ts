import type { Activity } from '../activity/activity.ts'
import type { Users } from '../auth/users.ts'
import type { CacheParts } from '../cache/assemble.ts'
import type { Config } from '../config/config.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { ErrorCode } from '../domain/errors.ts'
import type { Log } from '../domain/log.ts'
import type { RunningJob } from '../jobs/scheduler.ts'
import type { Store } from '../store/store.ts'
import type { UpstreamRow } from './contract-activity.ts'

/** What the routes about what happens work with. */
export interface WatchingDeps {
  readonly config: () => Config
  readonly index: Index
  readonly store: Store
  readonly parts: CacheParts
  readonly clock: Clock
  readonly log: Log
  readonly activity: Activity
  /** Of the breaker of an upstream: `closed` where requests go out. */
  readonly health: (upstream: string) => 'closed' | 'open' | 'due'
  /** The pull limit of an upstream, as it said last. */
  readonly rateLimit: (upstream: string) => UpstreamRow['limit']
  /** How an upstream did lately. */
  readonly standing: (upstream: string) => UpstreamStanding | undefined
  /** When the certificate in use is good; undefined where none is. */
  readonly certificate: () => { readonly validFrom: number; readonly validTo: number } | undefined
  readonly users: Pick<Users, 'list'>
  /** Jobs that run at this moment. */
  readonly running: () => readonly RunningJob[]
  /** Bytes that are evicted, but kept to undo that. */
  readonly undoable: () => number
}

export interface UpstreamStanding {
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly failures: number
  readonly lastError:
    | { readonly at: number; readonly code: ErrorCode; readonly said: string | undefined }
    | undefined
}
