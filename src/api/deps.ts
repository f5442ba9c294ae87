import type { Checks } from '../activity/checks.ts'
import type { ApiTokens } from '../auth/api-tokens.ts'
import type { Audit } from '../auth/audit.ts'
import type { PullKeys } from '../auth/pull-keys.ts'
import type { Users } from '../auth/users.ts'
import type { CacheParts } from '../cache/assemble.ts'
import type { Config } from '../config/config.ts'
import type { ConfigEntry } from '../config/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import type { GitFetcher } from '../frontends/git/fetcher.ts'
import type { AskInside } from '../frontends/inside.ts'
import type { OciFetcher } from '../frontends/oci/fetcher.ts'
import type { Hub } from '../hub/hub.ts'
import type { Gc } from '../jobs/gc/gc.ts'
import type { Prefetch } from '../jobs/prefetch/prefetch.ts'
import type { Scheduler } from '../jobs/scheduler.ts'
import type { Verify } from '../jobs/verify.ts'
import type { Exports } from '../packages/exports.ts'
import type { Imports } from '../packages/imports.ts'
import type { Store } from '../store/store.ts'
import type { Reception } from './session.ts'
import type { Watching } from './watching.ts'

/** A configuration as people read it. */
export interface Effective {
  readonly file: string
  readonly entries: readonly ConfigEntry[]
}

/** The way to what front ends do, without a client. */
export interface Inside {
  readonly ask: AskInside
  readonly git: GitFetcher
}

/** What the routes of the API work with. */
export interface ApiDeps {
  readonly config: () => Config
  /** The file that was read last, and every key of it. */
  readonly effective: () => Effective
  readonly index: Index
  readonly store: Store
  readonly parts: CacheParts
  readonly gc: Gc
  readonly verify: Verify
  readonly fetcher: OciFetcher
  readonly inside: Inside
  readonly exports: Exports
  readonly imports: Imports
  /** Docker Hub's search. */
  readonly hub: Hub
  readonly scheduler: Scheduler
  readonly prefetch: Prefetch
  /** The pull limit of an upstream, as it said last. */
  readonly rateLimit: (
    upstream: string,
  ) => { readonly remaining: number; readonly limit: number; readonly window: number } | undefined
  readonly watching: Watching
  /** Pulls that set-up pages wait for. */
  readonly checks: Checks
  readonly keys: PullKeys
  readonly tokens: ApiTokens
  readonly users: Users
  /** Describes what landed lately, as lists tell it. */
  readonly describe: () => Promise<void>
  readonly reception: Reception
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
}
