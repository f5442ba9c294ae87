import type { Condition } from '../../domain/condition.ts'

/** What one repository has under one digest. */
export interface ImageName {
  readonly frontEnd?: string
  readonly upstream: string
  readonly repository: string
  readonly digest: string
  /** Where it is known; else it is looked up. */
  readonly mediaType?: string | undefined
}

/** Bytes on disk. `onlyHere` is what nothing else needs, `shared` the rest. */
export interface Sizes {
  readonly total: number
  readonly onlyHere: number
  readonly shared: number
}

/** Times are milliseconds since the epoch. */
export interface TimesOfUse {
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
}

export interface RepositoryRow extends Sizes, TimesOfUse {
  /** "docker.io/library/nginx" */
  readonly name: string
  readonly frontEnd: string
  readonly upstream: string
  readonly repository: string
  readonly repositoryId: number
  readonly tags: number
  readonly images: number
  readonly pinned: boolean
}

export interface ImageRow extends Sizes, TimesOfUse {
  /** "docker.io/library/nginx:1.27" by its first tag, or with "@sha256:…" when it has none. */
  readonly name: string
  readonly frontEnd: string
  readonly upstream: string
  readonly repository: string
  readonly repositoryId: number
  readonly digest: string
  /** At most a hundred of them, in order. */
  readonly tags: readonly string[]
  readonly tagCount: number
  readonly mediaType: string | undefined
  readonly state: 'complete' | 'partial'
  /** When it was made, as its config says. */
  readonly created: number | undefined
  /** Those that are cached: "linux/amd64". */
  readonly platforms: readonly string[]
  /** When its last tag moved on; undefined while it has one or never had. */
  readonly replacedAt: number | undefined
  /** Since when its upstream has none of its names any more, as far as it said. */
  readonly goneAt: number | undefined
  /** A tag of it leads elsewhere by now, as its upstream said. */
  readonly moved: boolean
  readonly pinned: boolean
}

export type RepositoryColumn =
  | 'name'
  | 'total'
  | 'onlyHere'
  | 'shared'
  | 'lastUsed'
  | 'firstCached'
  | 'pulls'
  | 'tags'
export type ImageColumn = RepositoryColumn | 'created'

export interface ListAsk {
  /** Glob on names. */
  readonly q?: string
  readonly frontEnd?: string
  readonly upstream?: string
  /** Without the upstream. */
  readonly repository?: string
  readonly conditions?: readonly Condition[]
  /** A column, by default the name; "-" in front for descending. Equal rows stand in the order of their names. */
  readonly sort?: string
  /** 1 to 1,000; 200 by default. */
  readonly limit?: number
  /** `nextCursor` of the page before. */
  readonly cursor?: string
  /** The numbers are to be those of this moment, however long that takes. */
  readonly exact?: boolean
  /** What was so at that moment, as `steadyClock`, is to be in it, unless that takes long. */
  readonly since?: number | undefined
}

export interface ListPage<T> {
  readonly items: readonly T[]
  /** Of all pages. */
  readonly total: number
  readonly nextCursor: string | undefined
  /** Which moment the numbers are of. */
  readonly asOf: number
}
