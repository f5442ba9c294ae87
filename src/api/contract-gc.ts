/** Clean-ups that are shown before they are done. */
import type { Nothing } from './contract.ts'
import type { GcGoal, GcReason, GcReport } from './contract-work.ts'

/** What a clean-up would take out: an image, the part of one for a platform, a file, the mirror of a git repository. */
export interface GcItem {
  readonly of: 'image' | 'file'
  readonly reason: GcReason
  /** "docker.io/library/nginx:1.27", or with "@sha256:…" when it has no tag; "hf:org/model/<commit>/config.json". */
  readonly name: string
  /** Of a file, that of the first of its contents that goes; undefined for mirrors. */
  readonly digest: string | undefined
  /** What it is for, where that is why it goes. */
  readonly platform: string | undefined
  /** The image it is a part of, which stays. */
  readonly partOf: string | undefined
  readonly lastUsed: number
  readonly total: number
  /** Bytes that would stay if it alone were left out; what several items share counts for each. */
  readonly frees: number
}

/** What a clean-up would do. It can be carried out as it was shown, for ten minutes. */
export interface GcPreview {
  readonly previewId: string
  readonly expiresAt: number
  /** Row by reason, without what is excluded. */
  readonly report: GcReport
  /** Images, parts of such, and files in the order in which they go, those excluded too; the first thousand. */
  readonly items: readonly GcItem[]
  /** How many there are. */
  readonly count: number
  readonly total: number
  readonly frees: number
}

/** What of a preview stays: names of items (or of images and files), and reasons as in rows of the report. */
export interface GcChoice {
  readonly previewId: string
  readonly exclude?: readonly string[]
}

export interface CachedPlatform {
  /** "linux/arm64" */
  readonly platform: string
  readonly images: number
  /** Of all they hold; what platforms share counts for each. */
  readonly total: number
}

export interface GcApi {
  /** What a clean-up would do. */
  'POST /gc/preview': { in: GcGoal; stream: GcPreview }
  /** The same preview without what is excluded. */
  'POST /gc/narrow': { in: GcChoice; stream: GcPreview }
  /** Does what was shown and is not excluded, as far as it is still so. */
  'POST /gc/run': { in: GcChoice; stream: GcReport }
  /** Platforms that are cached, the largest first. */
  'GET /gc/platforms': { in: Nothing; out: { items: readonly CachedPlatform[] } }
}
