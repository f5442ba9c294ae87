import { gzipSync } from 'node:zlib'
import { type Digest, type DigestAlgorithm, digestOf } from '../../src/domain/digest.ts'
import {
  bytesContent,
  type Content,
  contentBytes,
  contentDigest,
  generatedContent,
  generatedDigest,
} from './fake-content.ts'
import { type Descriptor, descriptorOf, MEDIA, parsePlatform } from './oci-media.ts'
import { tarArchive } from './tar-layer.ts'

/** A manifest, index or config: JSON bytes that fit in memory. */
export interface BuiltJson extends Descriptor {
  readonly bytes: Buffer
}

export interface BuiltLayer extends Descriptor {
  readonly content: Content
  /** Digest of the uncompressed archive, for rootfs.diff_ids. */
  readonly diffId: Digest
}

export interface BuiltImage {
  readonly manifest: BuiltJson
  readonly config: BuiltJson
  readonly layers: readonly BuiltLayer[]
}

/** `opaque`: random bytes that claim to be tar+gzip. The others can be unpacked by real clients. */
export type LayerKind = 'opaque' | 'tar' | 'tar+gzip'

export interface ImageOptions {
  /** How many layers of 16 KiB, the size of each in bytes, or finished layers. Two by default. */
  readonly layers?: number | readonly (number | BuiltLayer)[]
  readonly layerKind?: LayerKind
  /** `os/architecture[/variant]`; "linux/amd64" by default. */
  readonly platform?: string
  /** RFC 3339; 1970 by default, as builds say that can be repeated. */
  readonly created?: string
  readonly format?: 'oci' | 'docker'
  readonly algorithm?: DigestAlgorithm
  /** Fields that go into the manifest as they are: annotations, subject, artifactType, unknown ones. */
  readonly fields?: Readonly<Record<string, unknown>>
}

const DEFAULT_LAYER_SIZE = 16 * 1024
let lastSeed = 0

/** A seed no earlier call in this process returned. */
export function nextSeed(): number {
  lastSeed += 1
  return lastSeed
}

/** JSON bytes with the descriptor that names them. */
export function buildJson(
  mediaType: string,
  json: unknown,
  algorithm: DigestAlgorithm = 'sha256',
): BuiltJson {
  return describeJson(mediaType, Buffer.from(JSON.stringify(json)), algorithm)
}

/** The same for bytes whose exact spelling matters. */
export function describeJson(
  mediaType: string,
  bytes: Buffer,
  algorithm: DigestAlgorithm = 'sha256',
): BuiltJson {
  return { mediaType, bytes, size: bytes.length, digest: digestOf(bytes, algorithm) }
}

/** A layer of about `size` bytes (opaque: exactly). Large opaque layers take no memory. */
export function buildLayer(size: number, kind: LayerKind = 'opaque', mediaType?: string): BuiltLayer {
  const seed = nextSeed()
  if (kind === 'opaque') {
    const digest = generatedDigest({ size, seed })
    const content = generatedContent({ size, seed })
    return { mediaType: mediaType ?? MEDIA.layerGzip, digest, size, content, diffId: digest }
  }
  const archive = tarArchive([
    { path: `file-${seed}`, bytes: contentBytes(generatedContent({ size, seed })) },
  ])
  const content = bytesContent(kind === 'tar' ? archive : gzipSync(archive, { level: 1 }))
  return {
    mediaType: mediaType ?? (kind === 'tar' ? MEDIA.layer : MEDIA.layerGzip),
    digest: contentDigest(content),
    size: content.size,
    content,
    diffId: digestOf(archive),
  }
}

/** A whole image in memory: manifest, config that fits its layers, layers. */
export function buildImage(options: ImageOptions = {}): BuiltImage {
  const docker = options.format === 'docker'
  const layers = layersOf(options, docker ? MEDIA.dockerLayer : undefined)
  const config = buildJson(docker ? MEDIA.dockerConfig : MEDIA.config, {
    ...parsePlatform(options.platform ?? 'linux/amd64'),
    created: options.created ?? '1970-01-01T00:00:00Z',
    config: { Cmd: ['/bin/true'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, i) => ({ created_by: `layer ${i + 1}` })),
    // Two images with equal layers still differ.
    'x-seed': nextSeed(),
  })
  const mediaType = docker ? MEDIA.dockerManifest : MEDIA.manifest
  const json = {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config),
    layers: layers.map(layerDescriptor),
    ...options.fields,
  }
  return { manifest: buildJson(mediaType, json, options.algorithm), config, layers }
}

function layersOf(options: ImageOptions, mediaType: string | undefined): BuiltLayer[] {
  const wanted = options.layers ?? 2
  const list = typeof wanted === 'number' ? Array<number>(wanted).fill(DEFAULT_LAYER_SIZE) : wanted
  return list.map((layer) =>
    typeof layer === 'number' ? buildLayer(layer, options.layerKind, mediaType) : layer,
  )
}

function layerDescriptor({ content: _content, diffId: _diffId, ...descriptor }: BuiltLayer): Descriptor {
  return descriptor
}

export interface IndexOptions {
  readonly format?: 'oci' | 'docker'
  readonly algorithm?: DigestAlgorithm
  /** Fields that go into the index as they are: annotations, subject, artifactType, unknown ones. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** An index (or Docker manifest list) of these descriptors, in this order. */
export function buildIndex(manifests: readonly Descriptor[], options: IndexOptions = {}): BuiltJson {
  const mediaType = options.format === 'docker' ? MEDIA.dockerList : MEDIA.index
  return buildJson(
    mediaType,
    { schemaVersion: 2, mediaType, manifests, ...options.fields },
    options.algorithm,
  )
}

/** The empty config and layer of artifacts: the two bytes `{}` (OCI image spec, manifest.md). */
export const EMPTY_JSON: BuiltJson = buildJson(MEDIA.empty, {})

export interface ArtifactOptions {
  readonly artifactType: string
  /** What it refers to; makes it a referrer. */
  readonly subject?: Descriptor
  readonly annotations?: Readonly<Record<string, string>>
  /** Sizes of the layers; none means the empty layer. */
  readonly layers?: readonly number[]
}

/** A manifest that carries something other than an image, such as a signature of its subject. */
export function buildArtifact(options: ArtifactOptions): BuiltImage {
  const layers = (options.layers ?? []).map((size) => buildLayer(size, 'opaque', 'application/octet-stream'))
  const manifest = buildJson(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: options.artifactType,
    config: descriptorOf(EMPTY_JSON),
    layers: layers.length === 0 ? [descriptorOf(EMPTY_JSON)] : layers.map(layerDescriptor),
    ...(options.subject === undefined ? {} : { subject: descriptorOf(options.subject) }),
    ...(options.annotations === undefined ? {} : { annotations: options.annotations }),
  })
  return { manifest, config: EMPTY_JSON, layers }
}
