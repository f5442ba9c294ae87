import type { Condition } from '../../domain/condition.ts'
import type { Sha256 } from '../../domain/digest.ts'
import type { BlobList } from './blob-list.ts'
import type { Counts } from './counts.ts'
import type { ExpiredEntry } from './expired.ts'
import type { PlanAsk } from './plan-ask.ts'
import type { Replaced } from './replaced.ts'
import type { PlannedEvictions } from './waiting.ts'

/** A goal that is about images rather than bytes. */
export type ImageGoal =
  /** What has no tag and is no part of what has one. */
  | { readonly kind: 'untagged' }
  /** What is for other platforms than these: "linux/amd64". */
  | { readonly kind: 'platforms'; readonly keep: readonly string[] }

/** Where a clean-up looks for what its goal is about; left out: everywhere. */
export interface PlanScope {
  readonly upstreams?: readonly string[] | undefined
  /** All must hold for an image. */
  readonly conditions?: readonly Condition[] | undefined
}

/** A manifest in one repository. */
export interface PartName {
  readonly upstream: string
  readonly repository: string
  readonly digest: Sha256
}

/** What of a plan is not to be done after all. */
export interface PlanExclusion {
  /** As rows of a report name them. */
  readonly reasons: readonly string[]
  /** With all that they hold. */
  readonly images: readonly PartName[]
  /** As `fileText` writes them; mirrors by their repository. */
  readonly files?: readonly string[] | undefined
}

/** A mirror of a git repository: it is in no index. */
export interface PlannedMirror {
  /** "github.com/owner/repo" */
  readonly name: string
  /** On disk. */
  readonly bytes: number
  readonly usedAt: number
}

/** What a repository has under one digest, as it was when it was looked at. */
export interface PlannedImage extends PartName {
  /** When one of its own names was used last; 0: it has none there. */
  readonly usedAt: number
  /** What it is for, as far as that is known. */
  readonly platform: string | undefined
}

/** What goes for one reason: images, and what that means for the disk. Sizes are bytes on disk. */
export interface PlannedImages {
  readonly images: readonly PlannedImage[]
  readonly objects: number
  readonly total: number
  readonly frees: number
}

/** What goes by itself, whatever image it belongs to. Sizes are bytes on disk. */
export interface PlannedBlobs {
  readonly blobs: BlobList
  readonly objects: number
  /** Those of them that files have names for. */
  readonly files: number
  readonly total: number
  readonly frees: number
}

/** The same with mirrors, which `objects`, `total` and `frees` count. */
export interface PlannedContent extends PlannedBlobs {
  readonly mirrors: readonly PlannedMirror[]
}

/** Something that goes as people know it: an image, the part of one for a platform, a file, or a mirror. */
export interface PlannedItem {
  readonly of: 'image' | 'file'
  readonly reason: 'replaced' | 'untagged' | 'platform' | 'unused' | 'upstream' | 'coldest'
  readonly upstream: string
  readonly repository: string
  /** Of a file, that of the first of its contents that goes; undefined for mirrors. */
  readonly digest: Sha256 | undefined
  /** Of images by their first tag, else by their digest. */
  readonly name: string
  readonly platform: string | undefined
  /** The image it is a part of, which stays. */
  readonly partOf: string | undefined
  readonly lastUsed: number
  /** Bytes on disk of all it holds. */
  readonly total: number
  /** Bytes that would stay if it alone were left out. */
  readonly frees: number
}

export interface PlannedItems {
  /** The first of them. */
  readonly items: readonly PlannedItem[]
  readonly count: number
}

/** What a clean-up would take out, reason by reason; nothing is counted twice. */
export interface Plan {
  readonly evicted: PlannedEvictions
  readonly expired: { readonly entries: readonly ExpiredEntry[]; readonly frees: number }
  readonly replaced: Replaced
  readonly untagged: PlannedImages
  readonly platform: PlannedImages
  readonly unused: PlannedContent
  readonly over: readonly (PlannedBlobs & { readonly upstream: string })[]
  readonly coldest: PlannedContent
  readonly kept: {
    readonly pinned: number
    readonly pinnedBytes: number
    readonly young: number
    /** Images and files that cannot be pulled again. */
    readonly gone: number
    /** Images that the goal is about and that are left to the next clean-up. */
    readonly later: number
  }
  /** How much there is as long as nothing of it was done. */
  readonly counts: Counts
  readonly items: PlannedItems
}

/** What is asked of a plan. */
export interface PlanOrder extends PlanAsk {
  /** Images that go beyond that. */
  readonly goal?: ImageGoal | undefined
  /** Where images that the goal is about are looked for, and what is evicted to free so many bytes. */
  readonly scope?: PlanScope | undefined
  /** The folder of blobs. */
  readonly blobs: string
  /** Mirrors that may go: nobody uses them, and no pin keeps them. */
  readonly mirrors?: readonly PlannedMirror[] | undefined
  /** Only what this plan has, as far as it still would, and without what is excluded. */
  readonly shown?: Omit<Plan, 'items' | 'counts'> | undefined
  readonly exclude?: PlanExclusion | undefined
  /** What goes is listed as people know it. */
  readonly lists?: boolean | undefined
}
