import type { Digest } from '../../src/domain/digest.ts'

/** Media types of what registries hold (OCI image spec, media-types.md; Docker image manifest v2.2). */
export const MEDIA = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerForeign: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const

export interface Platform {
  readonly os: string
  readonly architecture: string
  readonly variant?: string
}

/** A pointer at content (OCI image spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly platform?: Platform
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly urls?: readonly string[]
  /** Base64 of the whole content. */
  readonly data?: string
}

/** `"linux/arm64/v8"` to its parts. */
export function parsePlatform(text: string): Platform {
  const [os = 'linux', architecture = 'amd64', variant] = text.split('/')
  return { os, architecture, ...(variant === undefined ? {} : { variant }) }
}

/** The descriptor alone, of something that carries more beside it. */
export function descriptorOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
