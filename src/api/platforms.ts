import { type Digest, isSha256, type Sha256 } from '../domain/digest.ts'
import { readManifest } from '../frontends/oci/image-manifest.ts'
import type { ApiDeps } from './deps.ts'
import { inspectImage } from './inspect.ts'

/** Platforms by the digests of their manifests. */
export type PlatformNames = ReadonlyMap<string, string>

export interface Platforms {
  /** Those of an image, from what is here of it. No upstream is asked. */
  of(digest: Digest, isIndex: boolean): Promise<PlatformNames>
}

/** Images that are remembered: what a digest stands for never changes. */
const MOST = 10_000
/** An index in a list is no longer than that. */
const LONGEST = 1024 * 1024
const NONE: PlatformNames = new Map()

/** Lists name the platforms of hundreds of images, so each is read once. */
export function createPlatforms(deps: Pick<ApiDeps, 'index' | 'parts'>): Platforms {
  const known = new Map<string, PlatformNames>()

  const readIndex = async (digest: Sha256): Promise<PlatformNames> => {
    const row = deps.index.blobs.find(digest)
    const bytes = row === undefined || row.size > LONGEST ? undefined : await deps.parts.shelf.loadAll(row)
    if (bytes === undefined) return NONE
    return namesIn(readManifest(bytes).children)
  }

  const readPlain = async (digest: Sha256): Promise<PlatformNames> =>
    namesIn((await inspectImage(deps, digest))?.platforms ?? [])

  return {
    of: async (digest, isIndex) => {
      const before = known.get(digest)
      if (before !== undefined || !isSha256(digest)) return before ?? NONE
      const names = await (isIndex ? readIndex(digest) : readPlain(digest))
      // A config that is not here yet may come.
      if (names.size === 0) return names
      if (known.size >= MOST) known.clear()
      known.set(digest, names)
      return names
    },
  }
}

function namesIn(parts: readonly { readonly digest: string; readonly platform: string | undefined }[]) {
  const named = parts.flatMap(({ digest, platform }) =>
    platform === undefined ? [] : [[digest, platform] as const],
  )
  return new Map(named)
}
