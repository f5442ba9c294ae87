import { readFileSync } from 'node:fs'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { type Digest, digestOf } from '../../src/domain/digest.ts'
import { type BuiltJson, buildIndex, buildJson } from '../support/oci-image.ts'
import { type Descriptor, descriptorOf, MEDIA } from '../support/oci-media.ts'
import { tarArchive } from '../support/tar-layer.ts'
import { findBinary } from './process.ts'

/** Something with a digest: a manifest, a config or a layer. */
export interface Content extends Descriptor {
  readonly bytes: Buffer
}

export interface Layer extends Content {
  /** Digest of the tar inside, as the config names it. */
  readonly diffId: Digest
}

/** An image that real clients unpack and run. */
export interface Image {
  readonly manifest: BuiltJson
  readonly blobs: readonly Content[]
  readonly platform: Platform
}

export interface ImageIndex {
  readonly manifest: BuiltJson
  readonly images: readonly Image[]
}

export interface Platform {
  readonly os: 'linux'
  readonly architecture: 'amd64' | 'arm64'
}

export type Format = 'oci' | 'docker'
export type Compression = 'gzip' | 'zstd'

export const HOST: Platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }
export const FOREIGN: Platform = {
  os: 'linux',
  architecture: HOST.architecture === 'amd64' ? 'arm64' : 'amd64',
}

export interface LayerOptions {
  readonly format?: Format
  readonly compression?: Compression
}

/** A layer with these files, all executable; the same files give the same digest. */
export function createLayer(files: Record<string, Buffer>, options: LayerOptions = {}): Layer {
  const tar = createTar(files)
  const { mediaType, compress } = layerKind(options)
  const bytes = compress(tar)
  return { mediaType, size: bytes.length, digest: digestOf(bytes), bytes, diffId: digestOf(tar) }
}

/** Docker's own format knows gzip alone. */
function layerKind({ format, compression }: LayerOptions): {
  mediaType: string
  compress: (tar: Buffer) => Buffer
} {
  if (compression === 'zstd') {
    return {
      mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
      compress: (tar) => zstdCompressSync(tar),
    }
  }
  const mediaType = format === 'docker' ? MEDIA.dockerLayer : MEDIA.layerGzip
  return { mediaType, compress: (tar) => gzipSync(tar, { level: 1 }) }
}

/** A tar archive of these files, all executable. */
export function createTar(files: Record<string, Buffer>): Buffer {
  return tarArchive(Object.entries(files).map(([path, bytes]) => ({ path, bytes, mode: 0o755 })))
}

export interface ImageOptions {
  readonly format?: Format
  readonly platform?: Platform
  /** What a container of it runs. */
  readonly command?: readonly string[]
}

export function createImage(layers: readonly Layer[], options: ImageOptions = {}): Image {
  const docker = options.format === 'docker'
  const platform = options.platform ?? HOST
  const config = buildJson(docker ? MEDIA.dockerConfig : MEDIA.config, {
    ...platform,
    created: '2024-01-01T00:00:00Z',
    config: { Cmd: options.command ?? ['/bin/busybox', 'true'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    history: layers.map((_, i) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${i + 1}` })),
  })
  const mediaType = docker ? MEDIA.dockerManifest : MEDIA.manifest
  const manifest = buildJson(mediaType, {
    schemaVersion: 2,
    mediaType,
    config: descriptorOf(config),
    layers: layers.map((layer) => descriptorOf(layer)),
  })
  return { manifest, blobs: [config, ...layers], platform }
}

/** An OCI index of these images. */
export function createIndex(images: readonly Image[]): ImageIndex {
  const manifest = buildIndex(
    images.map((image) => ({ ...descriptorOf(image.manifest), platform: image.platform })),
  )
  return { manifest, images }
}

/** This machine's busybox when it runs without any library, so that it is a whole image by itself. */
export function findBusybox(): Buffer | undefined {
  const path = findBinary('busybox')
  const bytes = path === undefined ? undefined : readFileSync(path)
  return bytes !== undefined && isStatic(bytes) ? bytes : undefined
}

const PT_INTERP = 3

/** Whether a 64-bit little-endian ELF file asks for no dynamic loader (ELF-64 object file format, program header). */
function isStatic(elf: Buffer): boolean {
  const start = Number(elf.readBigUInt64LE(0x20))
  const size = elf.readUInt16LE(0x36)
  const count = elf.readUInt16LE(0x38)
  const types = Array.from({ length: count }, (_, i) => elf.readUInt32LE(start + i * size))
  return !types.includes(PT_INTERP)
}
