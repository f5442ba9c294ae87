/**
 * What the management API answers, for the command line and the console alike. Types only. Sizes are bytes on disk
 * unless they say otherwise, times are milliseconds since the epoch, names are "upstream/repository[:tag|@digest]".
 */
import type { Params } from '../domain/saying.ts'

/** No fields at all. */
export interface Nothing {
  readonly [name: string]: never
}

/** A page of a list. `total` counts everything that matches; for users whom rules hide something from, this page. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
  /** There are more than `total`, nobody has counted how many. */
  readonly totalIsLeast?: true
  /** Give it back for the next page; undefined at the end. */
  readonly nextCursor: string | undefined
}

/** Sizes of a set of content. `onlyHere` is what would be freed without it, `shared` the rest. */
export interface Sizes {
  readonly total: number
  readonly onlyHere: number
  readonly shared: number
}

export interface Use {
  readonly firstCached: number
  readonly lastUsed: number
  readonly pulls: number
}

export interface RepositoryRow extends Sizes, Use {
  /** "docker.io/library/nginx" */
  readonly name: string
  readonly upstream: string
  readonly repository: string
  readonly tags: number
  /** Manifests nobody is the parent of, tagged or not. */
  readonly images: number
  readonly pinned: boolean
  /** Pulls of the last 30 days (UTC), one number per day, the oldest first; empty where there were none. */
  readonly pulls30d: readonly number[]
}

/** One image of one repository: a manifest or index with everything below it that is cached. */
export interface ImageRow extends Sizes, Use {
  /** "docker.io/library/nginx:1.27", or with "@sha256:…" when it has no tag. */
  readonly name: string
  readonly upstream: string
  readonly repository: string
  readonly digest: string
  /** Tags of this repository that point to it. */
  readonly tags: readonly string[]
  readonly mediaType: string | undefined
  /** Whether all that at least one platform needs is here. */
  readonly state: 'complete' | 'partial'
  /** When it was made, as its config says; of several platforms, the youngest. Undefined where none says. */
  readonly created: number | undefined
  /** Those that are cached, at least in part: "linux/amd64". */
  readonly platforms: readonly string[]
  /** When its last tag moved on; undefined while it has one or never had. */
  readonly replacedAt: number | undefined
  /** Since when none of its names can be pulled again, as far as its upstream said; undefined: it can, or nobody asked. */
  readonly goneAt: number | undefined
  /** A tag of it leads elsewhere at its upstream by now. */
  readonly moved: boolean
  readonly pinned: boolean
}

/** Query of a list: `q` is a glob on names, `filter` the filter grammar, `sort` a column, "-" in front for descending. */
export interface ListQuery {
  readonly q?: string
  readonly filter?: string
  readonly sort?: string
  readonly limit?: number
  readonly cursor?: string
}

export interface PlatformRow {
  /** "linux/amd64", "linux/arm/v7"; "unknown/unknown" for attestations, undefined for a plain manifest without config. */
  readonly platform: string | undefined
  readonly digest: string
  readonly state: 'complete' | 'partial' | 'absent'
  /** As its manifests claim. */
  readonly size: number
  /** Bytes of it that are here. */
  readonly here: number
  readonly layers: number
  readonly layersHere: number
}

export interface LayerRow {
  readonly digest: string
  readonly mediaType: string | undefined
  readonly role: 'config' | 'layer'
  readonly size: number
  readonly here: boolean
  /** Names of other repositories that share it, at most ten, and how many there are. */
  readonly sharedWith: readonly string[]
  readonly shares: number
}

export interface ImageDetail {
  readonly image: ImageRow
  /** One per child of an index; a single one for a plain manifest. */
  readonly platforms: readonly PlatformRow[]
  /** Of every platform whose manifest is here, in order, by the platform's digest. */
  readonly layers: Readonly<Record<string, readonly LayerRow[]>>
  readonly tags: readonly TagRow[]
}

/**
 * fresh: answered without asking; due: asked on the next pull; expired: too old to be served while its upstream fails;
 * gone: the upstream does not have it any more; moved: the upstream's tag leads elsewhere by now.
 */
export type TagState = 'fresh' | 'due' | 'expired' | 'gone' | 'moved'

export interface TagRow {
  readonly tag: string
  readonly checkedAt: number
  readonly state: TagState
  /** Since when the upstream does not have it any more; undefined: it has, as far as it said. */
  readonly goneAt: number | undefined
  /** Where the upstream's tag leads by now; undefined: here, as far as it said. */
  readonly upstreamDigest: string | undefined
  readonly lastUsed: number
  readonly pulls: number
}

/** Whether a name is cached. No upstream is asked. */
export interface Lookup {
  readonly name: string
  readonly cached: 'complete' | 'partial' | 'no'
  /** Undefined where it is not known, and for what has several. */
  readonly digest: string | undefined
  readonly here: number
  /** As manifests claim; the missing ones included, as far as that is known. */
  readonly size: number
  /** What of several is missing; `name`: of files. */
  readonly missing: readonly {
    readonly name?: string
    readonly digest: string | undefined
    readonly size: number
  }[]
}

/** Of a registry, or of all that is kept for another protocol: "go", "github", "hf", "git". */
export interface UpstreamDisk {
  readonly upstream: string
  /** Content that has a name there; shared content counts for each. With mirrors of repositories for "git". */
  readonly bytes: number
  /** 0: no budget of its own. */
  readonly budget: number
  readonly repositories: number
  readonly tags: number
  /** As the list of files counts them; none in a registry. */
  readonly files: number
}

export interface TrafficRow {
  readonly upstream: string
  readonly frontEnd: string
  readonly requests: number
  readonly bytes: number
  /** Requests and bytes answered with outcome hit, stale, revalidated or joined. */
  readonly hitRequests: number
  readonly hitBytes: number
  /** What the upstream sent. */
  readonly fetched: number
  /** Of the upstream's pull limit, as it said last. */
  readonly limit: { readonly remaining: number; readonly limit: number; readonly window: number } | undefined
}

export interface Stats {
  readonly disk: {
    readonly path: string
    /** Everything below the data folder but the index: content, parts, trash, quarantine. */
    readonly used: number
    readonly reserved: number
    /** 0: no limit. */
    readonly maxSize: number
    readonly evictTo: number
    readonly minFree: number
    readonly volumeFree: number
    readonly blobs: number
    readonly pinned: number
    readonly pinnedBytes: number
    readonly parts: number
    readonly index: number
    readonly upstreams: readonly UpstreamDisk[]
  }
  /** Of images. */
  readonly repositories: number
  readonly tags: number
  readonly files: number
  readonly since: number
  readonly traffic: readonly TrafficRow[]
  readonly jobs: readonly JobRow[]
}

/** Both `done` and `total` count objects, in `bytes` what they held or hold. */
export interface JobProgress {
  readonly done: number
  readonly total: number
  readonly bytes: number
  readonly bytesTotal: number
}

export interface JobRow {
  readonly id: number
  readonly job: string
  /** The list of a prefetch. */
  readonly subject?: string
  /** "schedule", "start" or who asked. */
  readonly cause: string
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly error: string | undefined
  readonly report?: unknown
  /** How far it is, while it runs. */
  readonly progress?: JobProgress
}

export interface PinRow {
  readonly match: string
  /** "config" ones are changed in config.toml only. */
  readonly origin: 'config' | 'user'
  readonly reason: string | undefined
  readonly until: number | undefined
  readonly images: number
  /** Mirrors of git repositories among them. */
  readonly files: number
  readonly bytes: number
}

export interface ApiError {
  readonly code: string
  readonly message: string
  readonly hint: string
  /** Which sentence the message is, where it is more than the code says, and what stands in it. */
  readonly reason?: string
  readonly params?: Params
  /** What of the message neither code nor reason stand for: the words of an upstream, or of a check. */
  readonly said?: string
}

/** Routes of commands and console alike; see `routes.ts`. */
export interface CoreApi {
  /** This description (OpenAPI 3.1). */
  'GET /openapi.json': { in: Nothing; out: Readonly<Record<string, unknown>> }
  /** Disk and traffic at a glance. */
  'GET /stats': { in: { since?: number }; out: Stats }
  /** One row per repository. */
  'GET /repositories': { in: ListQuery; out: Page<RepositoryRow> }
  /** One row per image. */
  'GET /images': { in: ListQuery; out: Page<ImageRow> }
  /** One image in full. */
  'GET /image': { in: { name: string }; out: ImageDetail }
  /** Whether an image, a file (by name or address), or the blob of a bare digest is cached. Asks no upstream. */
  'GET /lookup': { in: { name: string }; out: Lookup }
  /** What is never evicted and never expires. */
  'GET /pins': { in: Nothing; out: { items: readonly PinRow[] } }
  /** Pins names or patterns. */
  'PUT /pins': {
    in: { match: readonly string[]; reason?: string; until?: number }
    out: { items: readonly PinRow[] }
  }
  /** Unpins what was pinned here. */
  'DELETE /pins': { in: { match: readonly string[] }; out: { items: readonly PinRow[] } }
}
