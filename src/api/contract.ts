/**
 * What the management API answers, for the command line and the console alike. Types only. Sizes are bytes on disk
 * unless they say otherwise, times are milliseconds since the epoch, names are "upstream/repository[:tag|@digest]".
 */
import type { Params } from '../domain/saying.ts'
import type { GcReport } from '../jobs/gc/report.ts'
import type { VerifyReport } from '../jobs/problem.ts'

export type { GcReason, GcReport, GcRow } from '../jobs/gc/report.ts'
export type { VerifyProblem, VerifyReport } from '../jobs/problem.ts'

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
  readonly digest: string | undefined
  readonly here: number
  /** As manifests claim; the missing ones included. */
  readonly size: number
  readonly missing: readonly { readonly digest: string; readonly size: number }[]
}

export interface UpstreamDisk {
  readonly upstream: string
  /** Content that has a name there; shared content counts for each. */
  readonly bytes: number
  /** 0: no budget of its own. */
  readonly budget: number
  readonly repositories: number
  readonly tags: number
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
  readonly repositories: number
  readonly tags: number
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
  readonly bytes: number
}

/** What to take out: names (a tag stands for its image), globs in names, or a filter over all images. */
export interface Selection {
  readonly names: readonly string[]
  readonly filter?: string
}

/** What taking out a selection does. */
export interface Preview {
  /** Images that go. */
  readonly images: readonly ImageRow[]
  readonly objects: number
  readonly total: number
  readonly frees: number
  /** total - frees: stays because other images use it. */
  readonly sharedKept: number
  /** Tags that were not asked for but point to the same images. */
  readonly alsoTags: readonly string[]
  /** Skipped. */
  readonly pinned: readonly string[]
  readonly inUse: readonly string[]
  /** Images that cannot be pulled again, as far as their upstreams said. They stay unless they are asked for too. */
  readonly gone: readonly string[]
  readonly notFound: readonly string[]
}

/**
 * How far a clean-up goes beyond what has expired. At most one of free, to, idle, untagged and platforms; none: down to
 * evict_to when above it.
 */
export interface GcGoal {
  /** Bytes to free. */
  readonly free?: number
  /** Bytes that may stay. */
  readonly to?: number
  /** Milliseconds: what nobody used for that long. */
  readonly idle?: number
  /** Images that no tag leads to and that are no part of one with a tag. */
  readonly untagged?: true
  /** What is for other platforms than these ("linux/amd64"); indexes stay. */
  readonly platforms?: readonly string[]
  /** Only of these upstreams. What others share with them stays. */
  readonly upstreams?: readonly string[]
  /** The filter grammar, for untagged and platforms: only of images that match. */
  readonly filter?: string
  /** With a goal, images that cannot be pulled again stay, as far as their upstreams said, unless this is true. */
  readonly includeGone?: boolean
  /** Milliseconds: content used more recently stays. Default 10 minutes where a goal is given. */
  readonly grace?: number
}

export interface VerifyAsk {
  /** Names; empty: everything. */
  readonly names: readonly string[]
  readonly repair: boolean
  /** Bytes per second; 0: as fast as it goes. */
  readonly rate: number
}

export interface FetchAsk {
  readonly names: readonly string[]
  /** "linux/arm64"; empty: the server's own; ["all"]: every one. */
  readonly platforms: readonly string[]
}

export interface FetchReport {
  readonly name: string
  readonly digest: string
  readonly platforms: readonly string[]
  readonly blobs: number
  /** Blobs that were cached before. */
  readonly before: number
  readonly bytes: number
}

/** Long work answers with one of these per line (NDJSON). The last one is a result or an error. */
export type Progress<T> =
  | {
      readonly type: 'progress'
      /** What it is at, for people: a digest, a phase. */
      readonly subject: string
      readonly done: number
      readonly total: number
      readonly bytes: number
      readonly bytesTotal: number
    }
  | { readonly type: 'result'; readonly result: T }
  | { readonly type: 'error'; readonly error: ApiError }

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
  /** Whether an image, or the blob of a bare digest, is cached. Asks no upstream. */
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
  /** Jobs that ran, the newest first. */
  'GET /jobs': { in: { limit?: number }; out: { items: readonly JobRow[] } }
  /** Ends a job that runs, after the object it is at; `stopping` is false where it does not run any more. */
  'POST /jobs/stop': { in: { id: number }; out: { stopping: boolean } }
  /** Takes images out at once, or says what that would do. */
  'POST /remove': { in: Selection & { dryRun: boolean; includeGone?: boolean }; out: Preview }
  /** Cleans up, or says what that would do. */
  'POST /gc': { in: GcGoal & { dryRun: boolean }; stream: GcReport }
  /** Reads content again and compares it with its digests. */
  'POST /verify': { in: VerifyAsk; stream: VerifyReport }
  /** Fetches images without a client. */
  'POST /fetch': { in: FetchAsk; stream: readonly FetchReport[] }
}
