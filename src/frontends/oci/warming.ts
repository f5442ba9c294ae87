import type { Cache } from '../../cache/cache.ts'
import type { Presence } from '../../cache/presence.ts'
import type { Document, Want } from '../../cache/want.ts'
import type { Digest } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { because } from '../../domain/reasons.ts'
import type { Held, Looked, Need, WarmAsk, WarmSource, WarmWatch } from '../../domain/warming.ts'
import { drain, orAbort, sideBySide } from './drain.ts'
import { uniqueBlobs } from './fetcher.ts'
import type { OciSettings } from './front-end.ts'
import { type Child, choosePlatforms, type ImageManifest, readManifest } from './image-manifest.ts'
import { parseImageName } from './reference.ts'
import { createRouter, type Route } from './route.ts'
import { createTagLists } from './tag-lists.ts'
import { readAllTags } from './tags-all.ts'
import { blobWant, manifestWant, type OciLimits, type OciUpstream } from './wants.ts'

export interface WarmingDeps {
  /** One that counts no pulls. */
  readonly cache: Cache
  readonly presence: Presence
  readonly settings: () => OciSettings
  /** Settles when a download of this that goes on has ended: readers have the last byte before the index has the row. */
  readonly landed: (want: Want) => Promise<void>
}

/** One image of a list, as this cache knows it. */
interface Image {
  readonly route: Route<OciUpstream>
  readonly limits: OciLimits
  readonly title: string
  readonly want: Want
}

/** Manifests and blobs of an image that are not here under its repository. */
interface Inventory extends Need {
  readonly missing: readonly Want[]
}

/** Images of registries for warm lists: what clients get, asked for by the same wants. */
export function createWarming(deps: WarmingDeps): WarmSource {
  const { cache, presence } = deps
  const tagLists = createTagLists()

  const rootHere = async (image: Image, digest: Digest | undefined): Promise<ImageManifest | undefined> => {
    if (digest === undefined || !presence.isHere(byDigest(image, digest).key)) return undefined
    const bytes = await presence.load(digest)
    return bytes === undefined ? undefined : readManifest(bytes)
  }

  return {
    place: (name) => {
      const { title, route } = imageOf(deps, name)
      return { name: title, upstream: route.upstream.name }
    },
    tags: async ({ name, access, signal }) => {
      const { route, limits } = imageOf(deps, name)
      access.requirePull({ name: `${route.upstream.name}/${route.repository}` })
      const ask = { route, limits, headers: {}, kept: (want: Want) => want }
      return await readAllTags({ cache, tagLists }, ask, signal)
    },
    look: async ({ name, platforms, access, signal }) => {
      const image = imageOf(deps, name)
      requireKept(image, access)
      const { want } = image
      const isFixed = want.digest !== undefined && presence.isHere(want.key)
      const stated = isFixed
        ? { digest: want.digest, mediaType: undefined }
        : await presence.ask(want, signal)
      const digest = stated.digest ?? want.digest
      const root = await rootHere(image, digest)
      if (root === undefined || digest === undefined) return unseen(stated.mediaType, platforms)
      return await inspect(deps, image, { root, digest, platforms })
    },
    bring: (ask, watch) => bring(deps, ask, watch),
    touch: ({ name }) => {
      const { want } = imageOf(deps, name)
      const digest = want.digest ?? cache.digest(want.key)
      if (digest !== undefined) presence.touch(want.key, digest)
    },
  }
}

/** Throws AppError for what is no name of an image here. */
function imageOf({ settings }: WarmingDeps, name: string): Image {
  const { upstreams, limits } = settings()
  const { route, reference = { kind: 'tag', text: 'latest' } } = parseImageName(name, createRouter(upstreams))
  const want = manifestWant(route, reference, limits)
  const title = `${route.upstream.name}/${route.repository}${reference.kind === 'digest' ? '@' : ':'}${reference.text}`
  return { route, limits, title, want }
}

function byDigest({ route, limits }: Image, digest: Digest): Want {
  return manifestWant(route, { kind: 'digest', text: digest }, limits)
}

/** Throws AppError `denied`: a list is about what stays. */
function requireKept({ title, want: { key } }: Image, access: WarmAsk['access']): void {
  const target = { name: `${key.upstream}/${key.repository}`, reference: key.ref }
  access.requirePull(target)
  if (!access.mayStore(target)) throw new AppError('denied', because('not_to_keep', { name: title }))
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
async function inspect({ presence }: WarmingDeps, image: Image, at: Root): Promise<Looked> {
  const chosen = chooseChildren(at.root, at.platforms)
  const absent = chosen.filter(({ digest }) => !presence.isHere(byDigest(image, digest).key))
  const pulls = absent.filter(({ digest }) => presence.sizeOf(digest) === undefined).length
  const loaded = await Promise.all(chosen.map(({ digest }) => presence.load(digest)))
  const known = loaded.filter((bytes) => bytes !== undefined).map(readManifest)
  const manifests = [...(at.root.isIndex ? [] : [at.root]), ...known]
  const stock = inventory(presence, image, manifests)
  const isAllKnown = known.length === chosen.length
  const holds = [...stock.holds, ...holdsOf(presence, [at.digest, ...chosen.map(({ digest }) => digest)])]
  const isComplete = isAllKnown && absent.length === 0 && stock.missing.length === 0
  return { isComplete, pulls, bytes: isAllKnown ? stock.bytes : undefined, holds }
}

/** Those of the platforms asked for. Throws AppError where there is none. */
function chooseChildren(root: ImageManifest, platforms: readonly string[]): readonly Child[] {
  const chosen = choosePlatforms(root, platforms)
  if (chosen.children.length > 0 || !chosen.isIndex) return chosen.children
  throw new AppError('manifest_unknown', because('no_platform', { platforms: chosen.available.join(', ') }))
}

function inventory(presence: Presence, image: Image, manifests: readonly ImageManifest[]): Inventory {
  const blobs = uniqueBlobs(manifests.flatMap((manifest) => manifest.blobs))
  const wants = blobs.map((blob) => ({ blob, want: blobWant(image.route, blob.digest, image.limits) }))
  const missing = wants.filter(({ want }) => !presence.isHere(want.key))
  const absent = missing.filter(({ blob }) => presence.sizeOf(blob.digest) === undefined)
  const bytes = absent.reduce((sum, { blob }) => sum + blob.size, 0)
  return { pulls: 0, bytes, holds: blobs, missing: missing.map(({ want }) => want) }
}

function holdsOf(presence: Presence, digests: readonly Digest[]): readonly Held[] {
  return digests.map((digest) => ({ digest, size: presence.sizeOf(digest) ?? 0 }))
}

async function bring(deps: WarmingDeps, ask: WarmAsk, watch: WarmWatch): Promise<readonly Held[]> {
  const { presence } = deps
  const { signal } = ask
  const image = imageOf(deps, ask.name)
  requireKept(image, ask.access)
  const root = await readNow(deps, { image, want: nowOf(image), signal }, watch)
  const top = readManifest(root.bytes)
  const digests = chooseChildren(top, ask.platforms).map(({ digest }) => digest)
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
  await sideBySide(stock.missing, (want, others) =>
    bringBlob(deps, { image, want, signal: AbortSignal.any([signal, others]) }, watch),
  )
  return holds
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
  if (outcome === 'stale')
    throw new AppError('upstream_failed', { detail: { upstream: want.request.upstream } })
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

function notKept({ title }: Image): AppError {
  return new AppError('upstream_failed', because('not_kept', { name: title }))
}
