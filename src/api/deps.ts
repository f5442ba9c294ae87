import type { Audit } from '../auth/audit.ts'
import type { PullKeys } from '../auth/pull-keys.ts'
import type { CacheParts } from '../cache/assemble.ts'
import type { Config } from '../config/config.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { OciFetcher } from '../frontends/oci/fetcher.ts'
import type { Gc } from '../jobs/gc/gc.ts'
import type { Scheduler } from '../jobs/scheduler.ts'
import type { Verify } from '../jobs/verify.ts'
import type { Store } from '../store/store.ts'

/** What the routes of the API work with. */
export interface ApiDeps {
  readonly config: () => Config
  readonly index: Index
  readonly store: Store
  readonly parts: CacheParts
  readonly gc: Gc
  readonly verify: Verify
  readonly fetcher: OciFetcher
  readonly scheduler: Scheduler
  /** The pull limit of an upstream, as it said last. */
  readonly rateLimit: (
    upstream: string,
  ) => { readonly remaining: number; readonly limit: number; readonly window: number } | undefined
  readonly keys: PullKeys
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
}
