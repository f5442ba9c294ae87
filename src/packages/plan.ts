import { createHash } from 'node:crypto'
import { algorithmOf, type Digest, hexOf } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { Doc, Packed, PackedBlob } from './collect.ts'
import { IMAGE_NAME, NAME_LEADS_TO, REF_NAME } from './media.ts'
import { END, fileHeader, folderHeader, paddingOf } from './tar.ts'

/** A stretch of an archive: bytes that are made here, or content of the cache. */
export type Segment =
  | { readonly kind: 'made'; readonly size: number; readonly bytes: Buffer }
  | { readonly kind: 'blob'; readonly size: number; readonly blob: PackedBlob }

/** An archive before any of its content is there. Equal images make equal archives, byte for byte. */
export interface Plan {
  readonly segments: readonly Segment[]
  readonly size: number
  /** Bytes at its beginning that name everything that is in it: archives that are equal so far are equal. */
  readonly head: number
  /** Of all of it, without quotes. */
  readonly etag: string
  readonly images: readonly Packed[]
  readonly blobs: readonly PackedBlob[]
}

/** Where content lies in an archive (OCI image spec, "image-layout"). */
export function pathOf(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
}

/** Lays out an archive. Content that several images share is in it once. Throws AppError where sizes contradict. */
export function layOut(images: readonly Packed[]): Plan {
  const sorted = images.toSorted((a, b) => compare(a.name, b.name))
  const documents = unique(sorted.flatMap((image) => image.documents))
  const inDocuments = new Set<string>(documents.map(({ digest }) => digest))
  const blobs = unique(requireOneSize(sorted.flatMap((image) => image.blobs))).filter(
    ({ digest }) => !inDocuments.has(digest),
  )
  const head = headOf(sorted, documents)
  const first: Segment = { kind: 'made', size: head.length, bytes: head }
  const segments = [first, ...blobSegments(blobs)]
  return {
    segments,
    size: segments.reduce((sum, { size }) => sum + size, 0),
    // The header of the first blob belongs to it: every name and size is in what comes before.
    head: head.length,
    etag: etagOf(segments),
    images: sorted,
    blobs,
  }
}

/** Everything that is small, first: whoever reads an archive from its beginning knows at once what is in it. */
function headOf(images: readonly Packed[], documents: readonly Doc[]): Buffer {
  const manifest = dockerManifest(images)
  const files: [path: string, bytes: Buffer][] = [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json(indexOf(images))],
  ]
  if (manifest.length > 0)
    files.push(['manifest.json', json(manifest)], ['repositories', json(repositoriesOf(images))])
  for (const { digest, bytes } of documents) files.push([pathOf(digest), bytes])
  const folders = ['blobs', ...new Set(documents.map(({ digest }) => `blobs/${algorithmOf(digest)}`))]
  return Buffer.concat([
    ...folders.map(folderHeader),
    ...files.flatMap(([path, bytes]) => fileOf(path, bytes)),
  ])
}

function fileOf(path: string, bytes: Buffer): readonly Buffer[] {
  return [fileHeader(path, bytes.length), bytes, Buffer.alloc(paddingOf(bytes.length))]
}

/** Made bytes between two blobs are one segment. */
function blobSegments(blobs: readonly PackedBlob[]): readonly Segment[] {
  const segments: Segment[] = []
  let before = Buffer.alloc(0)
  for (const blob of blobs) {
    const bytes = Buffer.concat([before, fileHeader(pathOf(blob.digest), blob.size)])
    segments.push({ kind: 'made', size: bytes.length, bytes }, { kind: 'blob', size: blob.size, blob })
    before = Buffer.alloc(paddingOf(blob.size))
  }
  const last = Buffer.concat([before, END])
  return [...segments, { kind: 'made', size: last.length, bytes: last }]
}

/** index.json (OCI image spec, "image-layout"). Names are whole, so that podman and skopeo find them. */
function indexOf(images: readonly Packed[]): object {
  const manifests = images.map(({ name, tag, root, index }) => ({
    mediaType: root.mediaType,
    digest: root.digest,
    size: root.bytes.length,
    ...platformOf(root.platform),
    annotations: {
      [IMAGE_NAME]: name,
      // Tools that name what they load after this would stumble over a digest in it.
      ...(tag === undefined ? {} : { [REF_NAME]: name }),
      ...(index === undefined ? {} : { [NAME_LEADS_TO]: index.digest }),
    },
  }))
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }
}

function platformOf(platform: string | undefined): object {
  if (platform === undefined) return {}
  const [os, architecture, variant] = platform.split('/')
  return { platform: { architecture, os, ...(variant === undefined ? {} : { variant }) } }
}

/** manifest.json as `docker save` writes it since Docker 25: older ones read it as well, as they look at its paths. */
function dockerManifest(images: readonly Packed[]): readonly object[] {
  return images.flatMap(({ repository, tag, plain }) => {
    const config = plain?.manifest.config
    if (plain === undefined || config === undefined) return []
    // Whole names: what podman finds short ones of, it takes for its own.
    const tags = tag === undefined ? null : [`${repository}:${tag}`]
    const layers = plain.manifest.layers.map(({ digest }) => pathOf(digest))
    return [{ Config: pathOf(config.digest), RepoTags: tags, Layers: layers }]
  })
}

/** The older list of names, which some tools still look for. */
function repositoriesOf(images: readonly Packed[]): object {
  const repositories: Record<string, Record<string, string>> = {}
  for (const { repository, tag, plain } of images) {
    const layer = plain?.manifest.layers.at(-1)
    if (tag === undefined || layer === undefined) continue
    repositories[repository] = { ...repositories[repository], [tag]: hexOf(layer.digest) }
  }
  return repositories
}

/** Throws AppError `upstream_invalid` where manifests claim different sizes of the same content. */
function requireOneSize(blobs: readonly PackedBlob[]): readonly PackedBlob[] {
  const sizes = new Map<string, number>()
  for (const { digest, size } of blobs) {
    const known = sizes.get(digest) ?? size
    sizes.set(digest, known)
    if (known === size) continue
    const said = `manifests say that ${digest} has ${known} and ${size} bytes`
    throw new AppError('upstream_invalid', { detail: { said } })
  }
  return blobs
}

function etagOf(segments: readonly Segment[]): string {
  const hash = createHash('sha256')
  for (const segment of segments) {
    if (segment.kind === 'made') hash.update(segment.bytes)
    else hash.update(`\n${segment.blob.digest} ${segment.size}\n`)
  }
  return hash.digest('hex').slice(0, 32)
}

/** Sorted, so that the order in which images are named makes no difference. */
function unique<T extends { readonly digest: Digest }>(list: readonly T[]): readonly T[] {
  const all = [...new Map(list.map((one) => [one.digest, one])).values()]
  return all.toSorted((a, b) => compare(a.digest, b.digest))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
