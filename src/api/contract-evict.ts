/** Taking out what is cached, at once or with a way back. */
import type { ImageRow, Nothing } from './contract.ts'
import type { FileKind, FileRow } from './contract-files.ts'

/** What a selection means where it has no names. */
export type Of = 'images' | 'files'

/**
 * What to take out: names (a tag stands for its image, "hf:org/model" for all its files), globs in names, or a filter over
 * all images or all files.
 */
export interface Selection {
  readonly names: readonly string[]
  readonly filter?: string
  /** What a filter without names is about; left out: images. */
  readonly of?: Of
  /** Only files of this kind, and no images. */
  readonly kind?: FileKind
}

/** What taking out a selection does. Of very many, `images` and `files` are the first thousand each. */
export interface Preview {
  /** Images that go. */
  readonly images: readonly ImageRow[]
  /** Files that go, mirrors of git among them. */
  readonly files: readonly FileRow[]
  /** How many images and files go. */
  readonly count: number
  /** Of `files`, mirrors of git: they go at once, without a way back. */
  readonly atOnce: readonly string[]
  /** Tags that go while their images stay, which frees nothing. */
  readonly namesOnly: readonly string[]
  readonly objects: number
  /** Of all that goes; lists and notes about files go with the last one of their repository. */
  readonly total: number
  readonly frees: number
  /** total - frees: stays because other images use it. */
  readonly sharedKept: number
  /** Tags that were not asked for but point to the same images. */
  readonly alsoTags: readonly string[]
  /** Skipped. */
  readonly pinned: readonly string[]
  readonly inUse: readonly string[]
  /** Images that stay because others that stay are made of them: those of one platform, say. */
  readonly needed: readonly string[]
  /** Images and files that cannot be pulled again, as far as their upstreams said. They stay unless they are asked for too. */
  readonly gone: readonly string[]
  readonly notFound: readonly string[]
}

/** A preview that can be carried out as it was shown, for ten minutes. */
export interface BoundPreview extends Preview {
  readonly previewId: string
  readonly expiresAt: number
}

export interface Eviction {
  readonly id: string
  readonly at: number
  readonly who: string
  readonly names: readonly string[]
  readonly images: number
  readonly files: number
  readonly objects: number
  readonly bytes: number
  /** Undefined: it was freed at once, or is by now. */
  readonly undoUntil: number | undefined
}

/** An image or file that was shown but not taken out, and why. */
export interface LeftImage {
  readonly name: string
  /** changed: its tags, or its bytes, are others by now; gone: it was taken out meanwhile; gone_upstream: it cannot be pulled again;
   * needed: an image that stays is made of it. */
  readonly why: 'changed' | 'gone' | 'gone_upstream' | 'pinned' | 'in_use' | 'needed'
}

export interface Evicted extends Eviction {
  /** Tags that went while their images stay. */
  readonly namesOnly: number
  readonly left: readonly LeftImage[]
}

export interface EvictApi {
  /** Takes images and files out at once, or says what that would do. */
  'POST /remove': { in: Selection & { dryRun: boolean; includeGone?: boolean }; out: Preview }
  /** What evicting a selection would do. `tagsOnly`: images keep their other tags, and go with the last. */
  'POST /selection': {
    in: Selection & { exclude?: readonly string[]; includeGone?: boolean; tagsOnly?: boolean }
    out: BoundPreview
  }
  /** Takes out what the preview showed and is still as it was. `undo`: its bytes stay for ten minutes. */
  'POST /evict': { in: { previewId: string; mode: 'undo' | 'now'; includeGone?: boolean }; out: Evicted }
  /** Evictions of late, the newest first. */
  'GET /evictions': { in: Nothing; out: { items: readonly Eviction[] } }
  /** Takes an eviction back. */
  'POST /undo': { in: { id: string }; out: { images: number; files: number; bytes: number } }
  /** Frees at once what could still be undone. */
  'POST /evictions/free': { in: { id?: string }; out: { readonly bytes: number } }
}
