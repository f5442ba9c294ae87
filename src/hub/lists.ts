/** A repository of Docker Hub, as its search tells it. */
export interface HubRepository {
  /** As its registry has it: "library/nginx". */
  readonly repository: string
  /** One line; empty where there is none. */
  readonly description: string
  readonly stars: number
  /** Of all the world. */
  readonly pulls: number
  readonly official: boolean
}

/** A tag of a repository of Docker Hub. */
export interface HubTagLine {
  readonly tag: string
  /** Of its index or manifest; undefined where nothing is said. */
  readonly digest: string | undefined
  /** Milliseconds since the epoch; undefined where nothing is said. */
  readonly updated: number | undefined
  readonly platforms: readonly HubPlatformLine[]
}

export interface HubPlatformLine {
  /** "linux/arm64/v8" */
  readonly platform: string
  readonly digest: string | undefined
  /** Compressed bytes. */
  readonly size: number
}

/** One page of an answer. */
export interface HubList<T> {
  readonly items: readonly T[]
  /** Of all pages, as Docker Hub counts them. */
  readonly total: number
  readonly hasMore: boolean
}

/** Rows of a page. */
export const PAGE = 25
/** Rows that Docker Hub gives at once, at most. */
export const LARGEST_PAGE = 100
/** Nobody is shown more pages of one question. */
export const MOST_PAGES = 100
