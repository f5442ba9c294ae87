import type { Cache } from '../../cache/cache.ts'
import type { Presence } from '../../cache/presence.ts'
import type { Digest } from '../../domain/digest.ts'
import type { Looked, WarmAsk } from '../../domain/warming.ts'
import { type ImageManifest, readManifest } from './image-manifest.ts'
import { byDigest, chooseChildren, holdsOf, type Image, inventory } from './warm-image.ts'

interface LookDeps {
  readonly cache: Pick<Cache, 'digest'>
  readonly presence: Presence
}

/**
 * What it would take to have an image here, and which one its upstream says it is now. Fetches nothing; rejects as
 * `Presence.ask` does, and with AppError where it has none of the platforms.
 */
export async function lookAt(
  deps: LookDeps,
  image: Image,
  { platforms, signal }: Pick<WarmAsk, 'platforms' | 'signal'>,
): Promise<{ readonly looked: Looked; readonly digest: Digest | undefined }> {
  const { cache, presence } = deps
  const { want } = image
  const isFixed = want.digest !== undefined && presence.isHere(want.key)
  const stated = isFixed ? { digest: want.digest, mediaType: undefined } : await presence.ask(want, signal)
  const digest = stated.digest ?? want.digest
  // Content that other names brought is as good: what has to come is told apart below.
  const bytes = digest === undefined ? undefined : await presence.load(digest)
  if (bytes === undefined || digest === undefined)
    return { looked: unseen(stated.mediaType, platforms), digest }
  const looked = await inspect(deps, image, { root: readManifest(bytes), digest, platforms })
  // A HEAD is enough to have the name lead there, too.
  const leads = want.digest ?? cache.digest(want.key)
  const isNamed = leads === digest && presence.isHere(want.key)
  return { looked: { ...looked, isComplete: looked.isComplete && isNamed }, digest }
}

/** What an image takes of which nothing but its kind is known. */
function unseen(mediaType: string | undefined, platforms: readonly string[]): Looked {
  const isIndex = mediaType !== undefined && /(image\.index|manifest\.list)\./.test(mediaType)
  const below = platforms.includes('all') ? 1 : Math.max(1, platforms.length)
  return { isComplete: false, pulls: isIndex ? 1 + below : 1, bytes: undefined, holds: [] }
}

interface Root {
  readonly root: ImageManifest
  readonly digest: Digest
  readonly platforms: readonly string[]
}

/** What is here of an image whose manifest is; nothing is fetched. */
async function inspect({ presence }: LookDeps, image: Image, at: Root): Promise<Looked> {
  const chosen = chooseChildren(at.root, at.platforms)
  const absent = chosen.filter(({ digest }) => !presence.isHere(byDigest(image, digest).key))
  const pulls = absent.filter(({ digest }) => presence.sizeOf(digest) === undefined).length
  const loaded = await Promise.all(chosen.map(({ digest }) => presence.load(digest)))
  const known = loaded.filter((bytes) => bytes !== undefined).map(readManifest)
  const manifests = [...(at.root.isIndex ? [] : [at.root]), ...known]
  const stock = inventory(presence, image, manifests)
  const isAllKnown = known.length === chosen.length
  const holds = [...stock.holds, ...holdsOf(presence, [at.digest, ...chosen.map(({ digest }) => digest)])]
  const isRootHere = presence.isHere(byDigest(image, at.digest).key)
  const isComplete = isRootHere && isAllKnown && absent.length === 0 && stock.missing.length === 0
  return { isComplete, pulls, bytes: isAllKnown ? stock.bytes : undefined, holds }
}
