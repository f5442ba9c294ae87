import { type Digest, isSha256, type Sha256 } from '../domain/digest.ts'
import type { Child, Descriptor, ImageManifest } from '../frontends/oci/image-manifest.ts'
import { isPlatformWord, readManifest } from '../frontends/oci/image-manifest.ts'
import type { ApiDeps } from './deps.ts'

/** What is here of one platform of an image. Sizes in bytes as its manifests claim. */
export interface InspectedPlatform {
  readonly platform: string | undefined
  readonly digest: Digest
  readonly state: 'complete' | 'partial' | 'absent'
  readonly size: number
  readonly here: number
  readonly manifest: ImageManifest | undefined
  readonly missing: readonly Descriptor[]
}

export interface Inspected {
  readonly digest: Sha256
  readonly isIndex: boolean
  readonly platforms: readonly InspectedPlatform[]
}

type Deps = Pick<ApiDeps, 'index' | 'parts'>

/** What is here of an image, from its manifests on disk; undefined without the manifest itself. No upstream is asked. */
export async function inspectImage(deps: Deps, digest: Sha256): Promise<Inspected | undefined> {
  const root = await manifestHere(deps, digest)
  if (root === undefined) return undefined
  if (!root.manifest.isIndex) {
    const own = {
      digest,
      size: root.size,
      mediaType: undefined,
      platform: await configPlatform(deps, root.manifest),
    }
    return { digest, isIndex: false, platforms: [inspectPlatform(deps, own, root.manifest)] }
  }
  const platforms: InspectedPlatform[] = []
  for (const child of root.manifest.children) {
    const here = isSha256(child.digest) ? await manifestHere(deps, child.digest) : undefined
    platforms.push(inspectPlatform(deps, child, here?.manifest))
  }
  return { digest, isIndex: true, platforms }
}

function inspectPlatform(deps: Deps, child: Child, manifest: ImageManifest | undefined): InspectedPlatform {
  const { platform, digest, size } = child
  if (manifest === undefined)
    return { platform, digest, state: 'absent', size, here: 0, manifest, missing: [child] }
  const missing = manifest.blobs.filter((blob) => !isHere(deps, blob.digest))
  const all = size + sumOf(manifest.blobs)
  const state = missing.length === 0 ? 'complete' : 'partial'
  return { platform, digest, state, size: all, here: all - sumOf(missing), manifest, missing }
}

export function isHere({ index }: Pick<Deps, 'index'>, digest: Digest): boolean {
  return isSha256(digest) && index.blobs.find(digest) !== undefined
}

async function bytesHere({ index, parts }: Deps, digest: Sha256): Promise<Buffer | undefined> {
  const row = index.blobs.find(digest)
  return row === undefined || row.size > LONGEST ? undefined : await parts.shelf.loadAll(row)
}

async function manifestHere(
  deps: Deps,
  digest: Sha256,
): Promise<{ manifest: ImageManifest; size: number } | undefined> {
  const bytes = await bytesHere(deps, digest)
  return bytes === undefined ? undefined : { manifest: readManifest(bytes), size: bytes.length }
}

/** What is larger is neither manifest nor config, whatever refers to it as one. */
const LONGEST = 8 * 1024 * 1024

async function configPlatform(deps: Deps, { config }: ImageManifest): Promise<string | undefined> {
  if (config === undefined || !isSha256(config.digest)) return undefined
  const bytes = await bytesHere(deps, config.digest)
  if (bytes === undefined) return undefined
  try {
    // Every field is checked before it is used.
    const { os, architecture, variant } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>
    const parts = [os, architecture, variant].filter(isPlatformWord)
    return parts.length < 2 ? undefined : parts.join('/')
  } catch {
    return undefined
  }
}

function sumOf(blobs: readonly Descriptor[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0)
}
