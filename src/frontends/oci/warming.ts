import type { Cache } from '../../cache/cache.ts'
import type { Presence } from '../../cache/presence.ts'
import type { Document, Want } from '../../cache/want.ts'
import { type Digest, isSha256 } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { sideBySide } from '../../domain/side-by-side.ts'
import type { Held, WarmAsk, WarmSource, WarmWatch } from '../../domain/warming.ts'
import { BLOBS_AT_ONCE, drain, orAbort } from './drain.ts'
import type { OciSettings } from './front-end.ts'
import { readManifest } from './image-manifest.ts'
import { createTagLists } from './tag-lists.ts'
import { readAllTags } from './tags-all.ts'
import {
  byDigest,
  chooseChildren,
  holdsOf,
  type Image,
  imageOf,
  inventory,
  notKept,
  requireKept,
} from './warm-image.ts'
import { lookAt } from './warm-look.ts'

export interface WarmingDeps {
  /** One that counts no pulls. */
  readonly cache: Cache
  readonly presence: Presence
  readonly settings: () => OciSettings
  /** Settles when a download of this that goes on has ended: readers have the last byte before the index has the row. */
  readonly landed: (want: Want) => Promise<void>
}

/** Images of registries for warm lists: what clients get, asked for by the same wants. */
export function createWarming(deps: WarmingDeps): WarmSource {
  const { cache, presence } = deps
  const tagLists = createTagLists()

  return {
    place: (name) => {
      const { title, route } = imageOf(deps.settings(), name)
      return { name: title, upstream: route.upstream.name }
    },
    tags: async ({ name, access, signal }) => {
      const { route, limits } = imageOf(deps.settings(), name)
      access.requirePull({ name: `${route.upstream.name}/${route.repository}` })
      const ask = { route, limits, headers: {}, kept: (want: Want) => want }
      return await readAllTags({ cache, tagLists }, ask, signal)
    },
    look: async ({ name, platforms, access, signal }) => {
      const image = imageOf(deps.settings(), name)
      requireKept(image, access)
      return (await lookAt(deps, image, { platforms, signal })).looked
    },
    bring: (ask, watch) => bring(deps, ask, watch),
    touch: ({ name }) => {
      const { want } = imageOf(deps.settings(), name)
      const digest = want.digest ?? cache.digest(want.key)
      if (digest !== undefined) presence.touch(want.key, digest)
    },
  }
}

async function bring(deps: WarmingDeps, ask: WarmAsk, watch: WarmWatch): Promise<readonly Held[]> {
  const image = imageOf(deps.settings(), ask.name)
  requireKept(image, ask.access)
  const { platforms, signal } = ask
  // Once more: names that came in meanwhile may have brought it.
  const { looked, digest } = await lookAt(deps, image, { platforms, signal })
  watch.approve(looked)
  const { want, isNamed } = firstWant(deps, image, digest)
  const root = await readNow(deps, { image, want, signal }, watch)
  const held = await bringBelow(deps, { image, root, ask }, watch)
  if (!isNamed) await name(deps, { image, want: nowOf(image), signal }, root.digest)
  deps.presence.touch(image.want.key, root.digest)
  return held
}

/**
 * A tag that leads elsewhere is left alone until all of what it is to lead to is here: whatever ends the work before that,
 * clients go on to get what they got. Where no digest is stated, the tag itself has to be read.
 */
function firstWant(
  { cache }: WarmingDeps,
  image: Image,
  stated: Digest | undefined,
): { readonly want: Want; readonly isNamed: boolean } {
  const { want } = image
  const isLeft = stated !== undefined && isSha256(stated) && cache.digest(want.key) !== stated
  if (want.digest !== undefined || !isLeft) return { want: nowOf(image), isNamed: true }
  return { want: byDigest(image, stated), isNamed: false }
}

interface Top {
  readonly image: Image
  readonly root: Document
  readonly ask: WarmAsk
}

async function bringBelow(
  deps: WarmingDeps,
  { image, root, ask }: Top,
  watch: WarmWatch,
): Promise<readonly Held[]> {
  const { presence } = deps
  const { platforms, signal } = ask
  const top = readManifest(root.bytes)
  const digests = chooseChildren(top, platforms).map(({ digest }) => digest)
  const fresh = digests.filter((digest) => presence.sizeOf(digest) === undefined)
  watch.approve({ pulls: fresh.length, bytes: undefined, holds: [] })
  const manifests = top.isIndex ? [] : [top]
  for (const digest of digests) {
    const child = await readNow(deps, { image, want: byDigest(image, digest), signal }, watch)
    manifests.push(readManifest(child.bytes))
  }
  const stock = inventory(presence, image, manifests)
  const holds = [...stock.holds, ...holdsOf(presence, [root.digest, ...digests])]
  watch.approve({ ...stock, holds })
  await sideBySide(stock.missing, BLOBS_AT_ONCE, (want, others) =>
    bringBlob(deps, { image, want, signal: AbortSignal.any([signal, others]) }, watch),
  )
  return holds
}

/** The tag leads to what came, by the word of its upstream: a HEAD, no pull. Throws where it moved on meanwhile. */
async function name({ cache }: WarmingDeps, { image, want, signal }: Piece, digest: Digest): Promise<void> {
  const said = await orAbort(cache.stat(want), signal)
  if (said.outcome === 'stale') throw staleError(want)
  if (cache.digest(want.key) !== digest) throw notKept(image)
}

/** Of an age: nothing is that young. */
const NEVER = -1

/** Asked now, whatever age the tag may have, and never answered with what is older. */
function nowOf({ want }: Image): Want {
  if (want.freshness.kind === 'immutable') return want
  return { ...want, freshness: { ...want.freshness, ttl: 0, staleIfError: NEVER, metered: false } }
}

interface Piece {
  readonly image: Image
  readonly want: Want
  readonly signal: AbortSignal
}

async function readNow(
  { cache }: WarmingDeps,
  { image, want, signal }: Piece,
  watch: WarmWatch,
): Promise<Document> {
  const document = await orAbort(cache.read(want), signal)
  const { outcome } = document
  if (outcome === 'miss' || outcome === 'bypass') watch.pulled()
  if (outcome === 'bypass') throw notKept(image)
  // A client's question was joined, and clients take older answers too.
  if (outcome === 'stale') throw staleError(want)
  return document
}

async function bringBlob(deps: WarmingDeps, { image, want, signal }: Piece, watch: WarmWatch): Promise<void> {
  const { cache, presence } = deps
  const isKnown = (): boolean => want.digest !== undefined && presence.sizeOf(want.digest) !== undefined
  if (!isKnown()) {
    await drain(cache, want, { signal, took: (bytes) => watch.took(bytes) })
    await deps.landed(want)
    if (presence.isHere(want.key)) return
    if (!isKnown()) throw notKept(image)
  }
  // Here under another name: its upstream has only to say that it has it.
  await orAbort(cache.stat(want), signal)
}

function staleError({ request: { upstream } }: Want): AppError {
  return new AppError('upstream_failed', { detail: { upstream } })
}
