import type { Digest } from '../domain/digest.ts'
import type { ImageManifest } from '../frontends/oci/image-manifest.ts'
import type { Item } from './intake.ts'

/** What an archive holds, by path. Links are followed, as far as they stay inside. */
export interface Files {
  find(path: string): Item | undefined
  has(path: string): boolean
  /** Of a small file. Undefined where it is not there. */
  bytes(path: string): Promise<Buffer | undefined>
}

/** A manifest or index that will be kept. */
export interface FoundDoc {
  readonly digest: Digest
  readonly bytes: Buffer
  readonly mediaType: string
  readonly platform: string | undefined
  readonly manifest: ImageManifest
}

export interface FoundBlob {
  readonly digest: Digest
  readonly item: Item
}

/** An image in an archive, whole and verified. */
export interface FoundImage {
  /** As the archive says; empty where it says none. */
  readonly names: readonly string[]
  /** A tag alone, where there is nothing else. */
  readonly tag: string | undefined
  /** What its names lead to, among the documents. */
  readonly root: FoundDoc
  readonly documents: readonly FoundDoc[]
  readonly blobs: readonly FoundBlob[]
  readonly manifest: 'archive' | 'made'
}
