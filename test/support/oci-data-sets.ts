import type { Digest } from '../../src/domain/digest.ts'
import type { Images } from './fake-images.ts'
import type { Repositories } from './fake-repositories.ts'
import {
  type BuiltImage,
  type BuiltJson,
  buildArtifact,
  buildImage,
  buildIndex,
  buildLayer,
} from './oci-image.ts'
import { type Descriptor, descriptorOf, MEDIA } from './oci-media.ts'

/** One case of the OCI conformance suite's data, as it now stands in a repository. */
export interface DataSet {
  /** The suite's name for it, also the tag. */
  readonly name: string
  /** What the tag names. */
  readonly manifest: BuiltJson
  /** Everything below it that must be there too, the manifest itself included. */
  readonly manifests: readonly BuiltJson[]
  readonly blobs: readonly Digest[]
  /** What the manifests name although the upstream does not have it. */
  readonly missing: readonly Digest[]
  /** Manifests whose subject is this one. */
  readonly referrers: readonly BuiltJson[]
}

type Target = Repositories & Images

/** The parts of a set before it is stored. */
interface Draft {
  readonly manifest: BuiltJson
  readonly images?: readonly BuiltImage[]
  readonly indexes?: readonly BuiltJson[]
  readonly missing?: readonly Digest[]
  readonly referrers?: readonly BuiltImage[]
}

/** A digest that nothing has. */
export const ABSENT_DIGEST: Digest = `sha256:${'0'.repeat(63)}1`

const ABSENT: Descriptor = { mediaType: MEDIA.manifest, digest: ABSENT_DIGEST, size: 512 }

/** Puts every data set of the suite's pull side into the repository, each under its name as tag. */
export function addDataSets(target: Target, repo: string): DataSet[] {
  return Object.entries(DRAFTS).map(([name, draft]) => store(target, { repo, name, draft: draft() }))
}

/** The two blobs the suite treats apart: no bytes at all, and `{}`. */
export function addSpecialBlobs(target: Target, repo: string): Digest[] {
  return ['', '{}'].map((text) => target.addBlob(repo, Buffer.from(text)).digest)
}

const DRAFTS: Record<string, () => Draft> = {
  image: () => ofImage(buildImage()),
  'image-uncompressed': () => ofImage(buildImage({ layerKind: 'tar' })),
  'large-manifest': () => ofImage(buildImage({ fields: { annotations: manyAnnotations() } })),
  index: () => ofImages(['linux/amd64', 'linux/arm64'].map((platform) => buildImage({ platform }))),
  'index-of-indexes': indexOfIndexes,
  'empty-index': () => ({ manifest: buildIndex([]) }),
  artifact: () => ofImage(buildArtifact({ artifactType: 'application/vnd.example.one', layers: [100] })),
  'artifact-index': () =>
    ofImages([1, 2].map((n) => buildArtifact({ artifactType: `application/vnd.example.${n}` }))),
  'artifact-without-layers': () => ofImage(buildArtifact({ artifactType: 'application/vnd.example.none' })),
  'image-with-referrers': imageWithReferrers,
  'index-with-subject': indexWithSubject,
  'missing-subject': () => ({
    ...ofImage(buildArtifact({ artifactType: 'application/vnd.example.lost', subject: ABSENT })),
    missing: [ABSENT_DIGEST],
  }),
  'data-field': dataField,
  nondistributable,
  'custom-fields': () =>
    ofImage(buildImage({ fields: { 'org.example.unknown': { deep: [1, 'two', null] } } })),
  'no-layers': () => ofImage(buildImage({ layers: 0 })),
  sparse,
  sha512,
  'docker-image': () => ofImage(buildImage({ format: 'docker' })),
  'docker-list': dockerList,
}

function ofImage(image: BuiltImage): Draft {
  return { manifest: image.manifest, images: [image] }
}

function ofImages(images: readonly BuiltImage[]): Draft {
  return { manifest: buildIndex(images.map((image) => descriptorOf(image.manifest))), images }
}

/** About 3.9 MB, just below what every client must take. */
function manyAnnotations(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 390 }, (_, i) => [`org.example.${i}`, 'x'.repeat(10_000)]))
}

function indexOfIndexes(): Draft {
  const inner = [ofImages([buildImage()]), ofImages([buildImage()])]
  return {
    manifest: buildIndex(inner.map((draft) => descriptorOf(draft.manifest))),
    indexes: inner.map((draft) => draft.manifest),
    images: inner.flatMap((draft) => draft.images ?? []),
  }
}

function imageWithReferrers(): Draft {
  const image = buildImage()
  const types = ['signature', 'sbom', 'sbom']
  const referrers = types.map((type, i) =>
    buildArtifact({
      artifactType: `application/vnd.example.${type}`,
      subject: image.manifest,
      annotations: { 'org.example.number': String(i) },
    }),
  )
  return { ...ofImage(image), referrers }
}

function indexWithSubject(): Draft {
  const subject = buildImage()
  const member = buildImage()
  const manifest = buildIndex([descriptorOf(member.manifest)], {
    fields: { subject: descriptorOf(subject.manifest), artifactType: 'application/vnd.example.index' },
  })
  return { manifest, images: [subject, member] }
}

/** A descriptor that carries its content beside the blob. */
function dataField(): Draft {
  const image = buildImage({ layers: [64] })
  const data = (bytes: Buffer) => ({ data: bytes.toString('base64') })
  const layers = image.layers.map((layer) => ({ ...layer, ...data(layer.content.slice(0, layer.size)) }))
  return ofImage(buildImage({ layers }))
}

/** A layer to be fetched elsewhere; nobody may do so for the client. */
function nondistributable(): Draft {
  const foreign = buildLayer(2048, 'opaque', MEDIA.layerForeign)
  const layers = [1024, { ...foreign, urls: ['http://127.0.0.1:9/never'] }]
  return ofImage(buildImage({ layers }))
}

function sparse(): Draft {
  const image = buildImage()
  return {
    manifest: buildIndex([descriptorOf(image.manifest), ABSENT]),
    images: [image],
    missing: [ABSENT_DIGEST],
  }
}

function sha512(): Draft {
  const image = buildImage({ algorithm: 'sha512' })
  return { manifest: buildIndex([descriptorOf(image.manifest)], { algorithm: 'sha512' }), images: [image] }
}

function dockerList(): Draft {
  const images = ['linux/amd64', 'linux/arm64'].map((platform) => buildImage({ platform, format: 'docker' }))
  const members = images.map((image) => descriptorOf(image.manifest))
  return { manifest: buildIndex(members, { format: 'docker' }), images }
}

function store(target: Target, { repo, name, draft }: { repo: string; name: string; draft: Draft }): DataSet {
  const referrers = draft.referrers ?? []
  const images = [...(draft.images ?? []), ...referrers]
  for (const image of images) target.putImage(repo, image)
  for (const json of draft.indexes ?? []) target.addManifest(repo, json)
  target.addManifest(repo, { ...draft.manifest, tags: [name] })
  const all = [draft.manifest, ...(draft.indexes ?? []), ...images.map((image) => image.manifest)]
  return {
    name,
    manifest: draft.manifest,
    manifests: [...new Set(all)],
    blobs: images.flatMap((image) => [image.config.digest, ...image.layers.map((layer) => layer.digest)]),
    missing: draft.missing ?? [],
    referrers: referrers.map((referrer) => referrer.manifest),
  }
}
