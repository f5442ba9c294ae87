import type { Edge } from '../db/edges.ts'
import { isSha256, parseDigest } from '../domain/digest.ts'

const MANIFEST =
  /^application\/vnd\.(oci\.image\.(manifest|index)|docker\.distribution\.manifest(\.list)?)\.v\d/

/** Whether content of this type references other content by digest. */
export function isManifest(mediaType: string | undefined): boolean {
  return mediaType !== undefined && MANIFEST.test(mediaType)
}

/**
 * What a manifest or index references: config, layers and manifests alike, whatever its type claims to be, so
 * that bytes which can be read both ways keep both. Anything malformed references nothing.
 */
export function referencesOf(bytes: Buffer): readonly Edge[] {
  const edges = new Map<string, Edge>()
  for (const descriptor of descriptorsOf(parse(bytes))) {
    const { digest, size } = descriptor
    const child = typeof digest === 'string' ? parseDigest(digest) : undefined
    if (child === undefined || !isSha256(child)) continue
    if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) edges.set(child, { child, size })
  }
  return [...edges.values()]
}

type Loose = Readonly<Record<string, unknown>>

function parse(bytes: Buffer): Loose {
  try {
    return toRecord(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}

function descriptorsOf(manifest: Loose): readonly Loose[] {
  const lists = [manifest['layers'], manifest['manifests'], [manifest['config']]]
  return lists.flatMap((list) => (Array.isArray(list) ? list.map(toRecord) : []))
}

function toRecord(value: unknown): Loose {
  // Only own properties are read from it, each checked for its type.
  return typeof value === 'object' && value !== null ? (value as Loose) : {}
}
