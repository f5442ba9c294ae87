import type { Params } from '../../domain/saying.ts'

/** Why an image did not come. */
export interface PrefetchWhy {
  /** Of the catalogue of errors, or "left" where nothing is wrong with the image. */
  readonly code: string
  /** For people, one sentence. */
  readonly message: string
  /** Which sentence that is, for other languages. */
  readonly reason?: string
  readonly params?: Params
}

export interface PrefetchImage {
  /** "docker.io/library/nginx:1.27"; as it was written where that cannot be read. */
  readonly name: string
  /** due: a dry run would fetch it. left: the next run begins with it. */
  readonly state: 'fetched' | 'unchanged' | 'due' | 'left' | 'failed'
  /** Pulls that it took, or would at least take. */
  readonly pulls: number
  /** Bytes that came, or would come; undefined where nobody can tell without a pull. */
  readonly bytes: number | undefined
  readonly why?: PrefetchWhy
}

/** What became of one list. */
export interface PrefetchReport {
  readonly list: string
  /** True: nothing was fetched. */
  readonly dryRun: boolean
  /** Of a run without those that are unchanged, the first fifty; of a dry run all. */
  readonly images: readonly PrefetchImage[]
  /** Images. Of a dry run those that would be. */
  readonly fetched: number
  readonly unchanged: number
  readonly left: number
  readonly failed: number
  /** Names of those that are left, in the order in which they come next time; the first thousand. */
  readonly waiting: readonly string[]
  readonly bytes: number
  readonly pulls: number
  /**
   * Bytes of the disk that images of the list take, by upstream; what two of them share counts once, what is
   * pinned not at all. Where a run did not see all of them, as much as the run before it said, at least.
   */
  readonly holds: readonly { readonly upstream: string; readonly bytes: number }[]
  /** It was ended before it came to all of them. */
  readonly stopped: boolean
  readonly ms: number
}

/** Rows that are kept with a run. */
export const MOST_ROWS = 50
/** Names that are kept with it. */
export const MOST_WAITING = 1000
