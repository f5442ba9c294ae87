import { join } from 'node:path'
import { type Index, openIndex } from '../../src/db/index.ts'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

export interface ShelfImage {
  readonly repository: string
  readonly upstream?: string
  /** The first one stands for the image's name. */
  readonly tags?: readonly string[]
  readonly manifest: string
  readonly children: readonly string[]
  readonly isIndex?: boolean
  readonly at?: number
}

/** An index to put things in, by words instead of digests. */
export interface Shelf {
  readonly index: Index
  readonly folder: string
  /** Whole blocks of 4 KiB. */
  blob(word: string, blocks: number): void
  image(image: ShelfImage): void
  /** A name for a blob alone. */
  loose(repository: string, word: string): void
}

export const sha = (word: string): Sha256 => digestOf(Buffer.from(word))

export async function openShelf(t: Cleanup): Promise<Shelf> {
  const folder = await tempDir(t)
  const index = openIndex(join(folder, 'cachalot.db'), MIGRATIONS)
  t.after(() => index.close())
  const put = (
    { upstream = 'docker.io', repository }: { upstream?: string; repository: string },
    {
      kind,
      ref,
      word,
      mediaType,
      at = 1000,
    }: {
      kind: 'manifest' | 'blob'
      ref: string
      word: string
      mediaType?: string
      at?: number
    },
  ): void =>
    index.entries.put(
      { frontEnd: 'oci', upstream, repository, kind, ref },
      { digest: sha(word), size: 1, mediaType, etag: undefined, headers: {}, fetchedAt: at, checkedAt: at },
    )
  const blob = (word: string, blocks: number): void =>
    index.blobs.add({ digest: sha(word), size: blocks * 4096, stamp: 1, at: 1 })
  return {
    index,
    folder,
    blob,
    image: (image) => {
      const { manifest: word, tags = [], children, isIndex = false, at = 1000 } = image
      if (index.blobs.find(sha(word)) === undefined) blob(word, 1)
      const facts = { word, kind: 'manifest' as const, mediaType: isIndex ? INDEX : MANIFEST, at }
      for (const ref of [sha(word), ...tags]) put(image, { ...facts, ref })
      index.edges.put(
        sha(word),
        children.map((child) => ({ child: sha(child), size: 4096 })),
      )
    },
    loose: (repository, word) => put({ repository }, { kind: 'blob', ref: sha(word), word }),
  }
}
