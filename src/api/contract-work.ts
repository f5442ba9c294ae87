/** Long work: jobs, clean-ups, verification, fetching. */
import type { GcReport } from '../jobs/gc/report.ts'
import type { VerifyReport } from '../jobs/problem.ts'
import type { ApiError, JobRow } from './contract.ts'

export type { GcReason, GcReport, GcRow } from '../jobs/gc/report.ts'
export type { VerifyProblem, VerifyReport } from '../jobs/problem.ts'

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
  /** Only of these registries, or of what "go", "github", "hf" and "git" keep. What others share with them stays. */
  readonly upstreams?: readonly string[]
  /** The filter grammar, for untagged and platforms: only of images that match. */
  readonly filter?: string
  /** With a goal, images that cannot be pulled again stay, as far as their upstreams said, unless this is true. */
  readonly includeGone?: boolean
  /** Milliseconds: content used more recently stays. Default 10 minutes where a goal is given. */
  readonly grace?: number
}

export interface VerifyAsk {
  /** Names of images, files and mirrors, or globs on them; empty: everything. */
  readonly names: readonly string[]
  readonly repair: boolean
  /** Bytes per second; 0: as fast as it goes. Mirrors of git repositories are read as fast as it goes. */
  readonly rate: number
}

export interface FetchAsk {
  readonly names: readonly string[]
  /** "linux/arm64"; empty: the server's own; ["all"]: every one. */
  readonly platforms: readonly string[]
  /** Globs: which files of a whole model ("hf:org/model"); empty: all of them. */
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
}

export interface FetchReport {
  readonly name: string
  /** Undefined for what has several: a version of a module, a whole model, a mirror. */
  readonly digest: string | undefined
  /** Empty for all but images. */
  readonly platforms: readonly string[]
  /** Blobs or files; one for a mirror. */
  readonly blobs: number
  /** Those that were cached before. */
  readonly before: number
  readonly bytes: number
  /** Files of it that are not let in here, and why. */
  readonly left?: readonly { readonly name: string; readonly why: string }[]
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

export interface WorkApi {
  /** Jobs that ran, the newest first. */
  'GET /jobs': { in: { limit?: number }; out: { items: readonly JobRow[] } }
  /** Ends a job that runs, after the object it is at; `stopping` is false where it does not run any more. */
  'POST /jobs/stop': { in: { id: number }; out: { stopping: boolean } }
  /** Cleans up, or says what that would do. */
  'POST /gc': { in: GcGoal & { dryRun: boolean }; stream: GcReport }
  /** Reads content again and compares it with its digests. */
  'POST /verify': { in: VerifyAsk; stream: VerifyReport }
  /** Fetches images and files without a client: names, or addresses of files. */
  'POST /fetch': { in: FetchAsk; stream: readonly FetchReport[] }
}
