import type { Digest } from '../../src/domain/digest.ts'
import { bytesContent } from './fake-content.ts'
import type { Repositories, StoredManifest } from './fake-repositories.ts'
import {
  type ArtifactOptions,
  type BuiltImage,
  type BuiltJson,
  buildArtifact,
  buildImage,
  buildIndex,
  type ImageOptions,
  type IndexOptions,
} from './oci-image.ts'
import { descriptorOf, parsePlatform } from './oci-media.ts'

export interface AddImageOptions extends ImageOptions {
  readonly tags?: readonly string[]
}

export interface AddIndexOptions extends IndexOptions {
  readonly tags?: readonly string[]
  /** One image each; linux/amd64 and linux/arm64/v8 by default. */
  readonly platforms?: readonly string[]
  /** How those images are built. */
  readonly image?: Omit<ImageOptions, 'platform'>
}

export interface AddedIndex {
  readonly manifest: BuiltJson
  /** In the order of the platforms. */
  readonly images: readonly BuiltImage[]
}

export interface AddReferrerOptions extends Omit<ArtifactOptions, 'subject'> {
  /** The manifest it refers to; may be missing. */
  readonly subject: Digest
}

/** Whole images put into a repository in one call. */
export interface Images {
  /** Stores an image that is built already. */
  putImage(repo: string, image: BuiltImage, tags?: readonly string[]): BuiltImage
  addImage(repo: string, options?: AddImageOptions): BuiltImage
  addIndex(repo: string, options?: AddIndexOptions): AddedIndex
  addReferrer(repo: string, options: AddReferrerOptions): BuiltImage
}

export function createImages(repositories: Repositories): Images {
  function putImage(repo: string, image: BuiltImage, tags: readonly string[] = []): BuiltImage {
    repositories.putBlob(repo, image.config.digest, bytesContent(image.config.bytes))
    for (const layer of image.layers) repositories.putBlob(repo, layer.digest, layer.content)
    repositories.addManifest(repo, { ...image.manifest, tags })
    return image
  }

  return {
    putImage,
    addImage: (repo, { tags, ...options } = {}) => putImage(repo, buildImage(options), tags),
    addIndex(repo, { tags = [], platforms = ['linux/amd64', 'linux/arm64/v8'], image, ...options } = {}) {
      const images = platforms.map((platform) =>
        putImage(repo, buildImage({ ...image, ...formatOf(options), platform })),
      )
      const manifest = buildIndex(
        images.map((built, i) => ({
          ...descriptorOf(built.manifest),
          platform: parsePlatform(platforms[i] ?? ''),
        })),
        options,
      )
      repositories.addManifest(repo, { ...manifest, tags })
      return { manifest, images }
    },
    addReferrer(repo, { subject, ...options }) {
      const found = repositories.manifest(repo, subject) ?? missing(subject)
      return putImage(repo, buildArtifact({ ...options, subject: descriptorOf(found) }))
    },
  }
}

/** Docker lists hold Docker manifests unless the image options say otherwise. */
function formatOf({ format }: IndexOptions): Pick<ImageOptions, 'format'> {
  return format === undefined ? {} : { format }
}

function missing(digest: Digest): StoredManifest {
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest,
    size: 512,
    bytes: Buffer.alloc(0),
  }
}
