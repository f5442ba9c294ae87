/** Lists of images that are brought in by the clock. */
import type { PrefetchReport } from '../jobs/prefetch/report.ts'
import type { Nothing } from './contract.ts'

export type { PrefetchImage, PrefetchReport, PrefetchWhy } from '../jobs/prefetch/report.ts'

/** A [[prefetch]] of the configuration. */
export interface PrefetchRow {
  readonly name: string
  /** As they are written there; those of its file come to them. */
  readonly refs: readonly string[]
  readonly file: string | undefined
  /** "30 2 * * *", local time of the server; undefined: only by hand. */
  readonly schedule: string | undefined
  /** When a server that owns the data folder runs it next; undefined without a schedule. */
  readonly nextRun: number | undefined
  /** "linux/amd64", "all"; empty: that of the server. */
  readonly platforms: readonly string[]
  readonly running: boolean
  /** Undefined until it ran, and once that is forgotten. */
  readonly last:
    | { readonly startedAt: number; readonly endedAt: number; readonly report: PrefetchReport }
    | undefined
}

export interface PrefetchApi {
  /** Lists in the order of the configuration. */
  'GET /prefetch': { in: Nothing; out: { items: readonly PrefetchRow[] } }
  /**
   * Runs these lists now, without names all of them, one after the other; or says what that would do, which asks upstreams
   * by HEAD alone and costs no pull.
   */
  'POST /prefetch': {
    in: { names?: readonly string[]; dryRun?: boolean }
    stream: readonly PrefetchReport[]
  }
}
