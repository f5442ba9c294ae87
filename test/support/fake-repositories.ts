import { type Digest, type DigestAlgorithm, digestOf, hexOf } from '../../src/domain/digest.ts'
import {
  bytesContent,
  type Content,
  contentDigest,
  type GeneratedSpec,
  generatedContent,
  generatedDigest,
} from './fake-content.ts'
import { buildIndex } from './oci-image.ts'
import type { Descriptor } from './oci-media.ts'

/** A manifest or index as it was pushed. */
export interface StoredManifest extends Descriptor {
  readonly bytes: Buffer
}

export interface AddedBlob {
  readonly digest: Digest
  readonly size: number
  readonly content: Content
}

export interface ManifestSpec {
  /** Exact bytes, or a value to be written as JSON. */
  readonly bytes?: Buffer
  readonly json?: unknown
  readonly mediaType: string
  readonly tags?: readonly string[]
  readonly algorithm?: DigestAlgorithm
  /** Stores the bytes under this digest, right or wrong: what a broken upstream does. */
  readonly digest?: Digest
}

export interface Repositories {
  addBlob(repo: string, blob: Buffer | GeneratedSpec | Content, algorithm?: DigestAlgorithm): AddedBlob
  /** Mounts content under a digest that is known already, right or wrong. */
  putBlob(repo: string, digest: Digest, content: Content): void
  addManifest(repo: string, spec: ManifestSpec): StoredManifest
  /** Points a tag at a manifest, which may be missing. */
  tag(repo: string, tag: string, digest: Digest): void
  untag(repo: string, tag: string): void
  /** Removes a manifest or blob from one repository; tags that named it dangle. */
  remove(repo: string, digest: Digest): void
  names(): string[]
  has(repo: string): boolean
  blob(repo: string, digest: string): Content | undefined
  /** By tag or digest. */
  manifest(repo: string, reference: string): StoredManifest | undefined
  tags(repo: string): string[]
  /** Descriptors of all manifests whose subject is this digest (OCI distribution spec, "Listing Referrers"). */
  referrers(repo: string, digest: string): Descriptor[]
}

interface Repository {
  readonly manifests: Map<string, StoredManifest>
  readonly blobs: Map<string, Content>
  readonly tags: Map<string, Digest>
}

/** The fields of a manifest that decide how it appears among referrers. */
interface ManifestFields {
  readonly subject?: Descriptor
  readonly artifactType?: string
  readonly config?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * What the registry holds, per repository.
 * @param fallbackTags keep the referrers list under `sha256-<hex>` tags, as clients do where the API is missing
 */
export function createRepositories({ fallbackTags }: { fallbackTags: boolean }): Repositories {
  const all = new Map<string, Repository>()

  function open(name: string): Repository {
    const repo = all.get(name) ?? { manifests: new Map(), blobs: new Map(), tags: new Map() }
    all.set(name, repo)
    return repo
  }

  function referrers(repo: string, digest: string): Descriptor[] {
    const manifests = [...(all.get(repo)?.manifests.values() ?? [])]
    return manifests.filter((m) => fieldsOf(m).subject?.digest === digest).map(referrerDescriptor)
  }

  function store(repo: string, manifest: StoredManifest, tags: readonly string[]): void {
    const { manifests, tags: byTag } = open(repo)
    manifests.set(manifest.digest, manifest)
    for (const tag of tags) byTag.set(tag, manifest.digest)
    const subject = fieldsOf(manifest).subject
    if (fallbackTags && subject !== undefined) {
      store(repo, buildIndex(referrers(repo, subject.digest)), [fallbackTag(subject.digest)])
    }
  }

  return {
    addBlob(repo, blob, algorithm) {
      const added = readBlob(blob, algorithm)
      open(repo).blobs.set(added.digest, added.content)
      return added
    },
    putBlob(repo, digest, content) {
      open(repo).blobs.set(digest, content)
    },
    addManifest(repo, { bytes, json, mediaType, tags = [], algorithm = 'sha256', digest }) {
      const body = bytes ?? Buffer.from(JSON.stringify(json))
      const name = digest ?? digestOf(body, algorithm)
      const manifest = { mediaType, bytes: body, size: body.length, digest: name }
      store(repo, manifest, tags)
      return manifest
    },
    tag(repo, tag, digest) {
      open(repo).tags.set(tag, digest)
    },
    untag(repo, tag) {
      all.get(repo)?.tags.delete(tag)
    },
    remove(repo, digest) {
      all.get(repo)?.manifests.delete(digest)
      all.get(repo)?.blobs.delete(digest)
    },
    names: () => [...all.keys()].sort(),
    has: (repo) => all.has(repo),
    blob: (repo, digest) => all.get(repo)?.blobs.get(digest),
    manifest(repo, reference) {
      const found = all.get(repo)
      return found?.manifests.get(found.tags.get(reference) ?? reference)
    },
    tags: (repo) => [...(all.get(repo)?.tags.keys() ?? [])].sort(),
    referrers,
  }
}

function readBlob(blob: Buffer | GeneratedSpec | Content, algorithm?: DigestAlgorithm): AddedBlob {
  if (Buffer.isBuffer(blob)) {
    return { digest: digestOf(blob, algorithm ?? 'sha256'), size: blob.length, content: bytesContent(blob) }
  }
  if ('seed' in blob) {
    return { digest: generatedDigest(blob, algorithm), size: blob.size, content: generatedContent(blob) }
  }
  return { digest: contentDigest(blob, algorithm), size: blob.size, content: blob }
}

function fieldsOf(manifest: StoredManifest): ManifestFields {
  try {
    // Whatever the test stored; a field of the wrong type is the test's own mistake.
    return JSON.parse(manifest.bytes.toString()) as ManifestFields
  } catch {
    return {}
  }
}

function referrerDescriptor(manifest: StoredManifest): Descriptor {
  const fields = fieldsOf(manifest)
  const artifactType = fields.artifactType ?? fields.config?.mediaType
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(fields.annotations === undefined ? {} : { annotations: fields.annotations }),
  }
}

/** The tag that lists referrers where the API is missing (OCI distribution spec, "Referrers Tag Schema"). */
export function fallbackTag(digest: Digest): string {
  return `${digest.slice(0, digest.indexOf(':'))}-${hexOf(digest).slice(0, 64)}`
}
