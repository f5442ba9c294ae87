import type { Presence } from '../../cache/presence.ts'
import type { Want } from '../../cache/want.ts'
import type { Digest } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { because } from '../../domain/reasons.ts'
import type { Held, Need, WarmAsk } from '../../domain/warming.ts'
import { uniqueBlobs } from './fetcher.ts'
import type { OciSettings } from './front-end.ts'
import { type Child, choosePlatforms, type ImageManifest } from './image-manifest.ts'
import { parseImageName } from './reference.ts'
import { createRouter, type Route } from './route.ts'
import { blobWant, manifestWant, type OciLimits, type OciUpstream } from './wants.ts'

/** One image of a list, as this cache knows it. */
export interface Image {
  readonly route: Route<OciUpstream>
  readonly limits: OciLimits
  readonly title: string
  readonly want: Want
}

/** Manifests and blobs of an image that are not here under its repository. */
export interface Inventory extends Need {
  readonly missing: readonly Want[]
}

/** Throws AppError for what is no name of an image here. */
export function imageOf({ upstreams, limits }: OciSettings, name: string): Image {
  const { route, reference = { kind: 'tag', text: 'latest' } } = parseImageName(name, createRouter(upstreams))
  const want = manifestWant(route, reference, limits)
  const title = `${route.upstream.name}/${route.repository}${reference.kind === 'digest' ? '@' : ':'}${reference.text}`
  return { route, limits, title, want }
}

/** One of its manifests, or itself. */
export function byDigest({ route, limits }: Image, digest: Digest): Want {
  return manifestWant(route, { kind: 'digest', text: digest }, limits)
}

/** Throws AppError `denied`: a list is about what stays. */
export function requireKept({ title, want: { key } }: Image, access: WarmAsk['access']): void {
  const target = { name: `${key.upstream}/${key.repository}`, reference: key.ref }
  access.requirePull(target)
  if (!access.mayStore(target)) throw new AppError('denied', because('not_to_keep', { name: title }))
}

/** Those of the platforms asked for. Throws AppError where there is none. */
export function chooseChildren(root: ImageManifest, platforms: readonly string[]): readonly Child[] {
  const chosen = choosePlatforms(root, platforms)
  if (chosen.children.length > 0 || !chosen.isIndex) return chosen.children
  throw new AppError('manifest_unknown', because('no_platform', { platforms: chosen.available.join(', ') }))
}

/** Blobs of these manifests, and which of them are not here. */
export function inventory(presence: Presence, image: Image, manifests: readonly ImageManifest[]): Inventory {
  const blobs = uniqueBlobs(manifests.flatMap((manifest) => manifest.blobs))
  const wants = blobs.map((blob) => ({ blob, want: blobWant(image.route, blob.digest, image.limits) }))
  const missing = wants.filter(({ want }) => !presence.isHere(want.key))
  const absent = missing.filter(({ blob }) => presence.sizeOf(blob.digest) === undefined)
  const bytes = absent.reduce((sum, { blob }) => sum + blob.size, 0)
  return { pulls: 0, bytes, holds: blobs, missing: missing.map(({ want }) => want) }
}

/** Manifests as content that takes room; what is not here takes none. */
export function holdsOf(presence: Presence, digests: readonly Digest[]): readonly Held[] {
  return digests.map((digest) => ({ digest, size: presence.sizeOf(digest) ?? 0 }))
}

/** What was fetched and is not here: the disk refused it, or something else took it out meanwhile. */
export function notKept({ title }: Image): AppError {
  return new AppError('upstream_failed', because('not_kept', { name: title }))
}
