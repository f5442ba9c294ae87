/** The hub's part of the configuration. */
export interface HfSettings {
  readonly enabled: boolean
  /** Where the hub is, without a trailing slash: its path stands in front of what it says of itself. */
  readonly url: string
  /** Globs on names of repositories that are asked for with the operator's token. */
  readonly tokenFor: readonly string[]
  /** Milliseconds until branches and tags are asked about again. */
  readonly refTtl: number
  /** Oldest answer, in milliseconds, that is served while the hub fails. */
  readonly staleIfError: number
  /** Longest file in bytes; 0: no limit. */
  readonly maxFile: number
  /** Ends of names that are refused, ".bin", lower case. */
  readonly denySuffixes: readonly string[]
}
