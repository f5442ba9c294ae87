/** Offline packages: images as one archive, out of the cache and into it. */

import type { ImportedImage } from '../packages/imports.ts'

export type { ImportedImage } from '../packages/imports.ts'

export interface ExportAsk {
  /** Images: "nginx:1.27", "ghcr.io/org/app@sha256:…"; up to 100. */
  readonly name: string | readonly string[]
  /** "linux/arm64"; "all": every one, with its index. The server's own by default. */
  readonly platform?: string
}

export interface ExportImage {
  readonly name: string
  /** Of what the archive offers under this name: the manifest of one platform, or an index. */
  readonly digest: string
  /** Those in the archive, as far as indexes or configs say it. */
  readonly platforms: readonly string[]
  /** Content of this image in the archive, manifests included; what it shares with others counts for each. */
  readonly size: number
  readonly layers: number
  /** Whether layers are packed by zstd, which docker load takes since Docker 23. */
  readonly zstd: boolean
}

/** What an archive will be. */
export interface ExportPlan {
  /** A name for the file. */
  readonly file: string
  /** Bytes of the archive. */
  readonly size: number
  /** Bytes of it that are not here yet and are fetched while it is sent. */
  readonly missing: number
  /** Bytes at its beginning that name all of its content: archives that are equal so far are equal. */
  readonly head: number
  /** As the ETag of the archive, without quotes. */
  readonly etag: string
  /** Of the whole archive, in hexadecimal digits; undefined while nobody has read it to its end. */
  readonly sha256: string | undefined
  readonly images: readonly ExportImage[]
  /** Pieces of content, shared ones once. */
  readonly blobs: number
}

export interface ImportAsk {
  /** The name for the image of an archive that holds one: "docker.io/library/app:1". */
  readonly as?: string
  /** The upstream below which all of it belongs, whatever registries the archive names. */
  readonly upstream?: string
}

export interface ImportReport {
  readonly images: readonly ImportedImage[]
}

export interface PackagesApi {
  /**
   * Images as one tar archive: docker load, podman load, skopeo copy docker-archive: and oci-archive: all take it. What
   * is not here is fetched while it is sent. Ranges are answered; its ETag stays the same while the images do.
   */
  'GET /export': { in: ExportAsk; file: 'application/x-tar' }
  /** What that archive will be; with checksum=compute its SHA-256 is worked out, for which all of it is read. */
  'GET /export/plan': { in: ExportAsk & { checksum?: 'known' | 'compute' }; out: ExportPlan }
  /**
   * Takes an archive, the body of the request: of docker save, podman save, skopeo or GET /export; plain, gzip or zstd.
   * Nothing of it is kept where anything is wrong with it.
   */
  'POST /import': { in: ImportAsk; body: 'application/x-tar'; stream: ImportReport }
}
