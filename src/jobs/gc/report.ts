export type GcReason =
  | 'trash'
  | 'stray'
  | 'missing'
  | 'parts'
  | 'quarantine'
  | 'evicted'
  | 'expired'
  | 'replaced'
  | 'untagged'
  | 'platform'
  | 'unused'
  | 'upstream'
  | 'coldest'

export interface GcRow {
  readonly reason: GcReason
  /** For people. */
  readonly text: string
  readonly objects: number
  /** Those of them that are contents of files or stand beside them, and mirrors of git repositories; the rest is of images. */
  readonly files: number
  readonly mirrors: number
  /** Size of the images or files concerned; `frees` is what leaves the disk. Bytes on disk. */
  readonly total: number
  readonly frees: number
}

export interface GcReport {
  readonly rows: readonly GcRow[]
  readonly objects: number
  readonly frees: number
  /** In use before and after, bytes on disk. */
  readonly before: number
  readonly after: number
  /** 0: no limit. */
  readonly maxSize: number
  readonly repositories: number
  readonly tags: number
  readonly blobs: number
  /** False where as much as was asked for cannot go. */
  readonly reached: boolean
  readonly kept: {
    readonly pinned: number
    readonly pinnedBytes: number
    readonly inUse: number
    readonly young: number
    /** Images and files that cannot be pulled again, which a goal leaves here unless it says otherwise. */
    readonly gone: number
    /** Images that the goal is about and that are left to the next clean-up: one does not take more than so many. */
    readonly later: number
  }
  readonly dryRun: boolean
  readonly ms: number
}
