/** Images that are brought in by the clock, or by hand. */
export interface PrefetchList {
  /** No two lists have the same one. */
  readonly name: string
  /** Images as they were written; "*" in a tag means several. */
  readonly refs: readonly string[]
  /** An absolute path; holds further ones, one a line, and is read at every run. */
  readonly file: string | undefined
  /** Cron expression, local time; undefined: only by hand. */
  readonly schedule: string | undefined
  /** "linux/amd64", "all"; empty: that of this machine. */
  readonly platforms: readonly string[]
  /** Tags that one "*" gives, at most. */
  readonly newest: number
  readonly keepPulls: PullFloor
}

/** Pulls that a registry's limit keeps for clients, or a share of that limit. */
export type PullFloor = { readonly pulls: number } | { readonly share: number }
