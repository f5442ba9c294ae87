import type { Cache } from '../../cache/cache.ts'
import type { Document, Meta, Want } from '../../cache/want.ts'
import { SECOND } from '../../domain/clock.ts'
import { type Digest, digestOf, isSha256, parseDigest } from '../../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendDocument, sendMeta } from '../send.ts'
import { accepts } from './accept.ts'
import { type Ask, targetOf } from './ask.ts'
import type { Reference } from './path.ts'
import { manifestWant } from './wants.ts'

interface ManifestAsk extends Ask {
  readonly reference: Reference
}

/** Longer than a confirmation may take: what is cached is not quite what was asked for. */
const PASS_WITHIN = 3 * SECOND

const UNTYPED = 'application/vnd.oci.image.manifest.v1+json'
const UNTYPED_INDEX = 'application/vnd.oci.image.index.v1+json'

/** A manifest, or for HEAD what is known of it. */
type Found = Meta | Document

/**
 * A manifest travels byte for byte under the type it came with. A client that does not take the type behind a
 * tag is answered by the upstream itself, past the cache: only the upstream knows what else it would give. While
 * it cannot be asked, what is cached is better than nothing (RFC 9110 §12.5.1 allows it).
 */
export async function serveManifest(cache: Cache, exchange: Exchange, ask: ManifestAsk): Promise<void> {
  const want = ask.kept(manifestWant(ask.route, ask.reference, ask.limits))
  const { accept } = exchange.req.headers
  const found = exchange.line.method === 'HEAD' ? await facts(cache, want) : await cache.read(want)
  const isRefused = ask.reference.kind === 'tag' && !accepts(accept, typeOf(found))
  const answer = (isRefused ? await passed(cache, want, accept) : undefined) ?? found
  requireContent(exchange, ask, answer)
  send(exchange, ask, answer)
}

/** A rule may be about what a tag names: by whichever tag it is asked for, it is the same content. */
function requireContent({ access }: Exchange, ask: ManifestAsk, found: Found): void {
  if (access.isUnrestricted || ask.reference.kind === 'digest') return
  const { name } = targetOf(ask.route, { kind: 'tags', name: [] })
  for (const digest of new Set([found.digest, nameOf(ask, found)]))
    if (digest !== undefined) access.requirePull({ name, reference: digest })
}

/** Clients need digest and type from HEAD; where they are missing or unproven, the manifest itself is read. */
async function facts(cache: Cache, want: Want): Promise<Found> {
  const meta = await cache.stat(want)
  const isWhole = meta.digest !== undefined && meta.mediaType !== undefined && meta.size !== undefined
  const isNamed = want.digest !== undefined || [undefined, meta.digest].includes(longNameOf(meta))
  return isWhole && isNamed ? meta : await cache.read(want)
}

/** The SHA-512 digest by which the upstream calls what a tag names. */
function longNameOf({ headers }: Meta): Digest | undefined {
  const stated = parseDigest(headers['docker-content-digest'] ?? '')
  return stated === undefined || isSha256(stated) ? undefined : stated
}

/** The digest asked for, else the upstream's own if the bytes prove it, else ours. */
function nameOf({ reference }: ManifestAsk, found: Found): Digest | undefined {
  if (reference.kind === 'digest') return reference.text
  const long = longNameOf(found)
  const isProven = long !== undefined && 'bytes' in found && digestOf(found.bytes, 'sha512') === long
  return isProven ? long : found.digest
}

/** The upstream's own answer to this Accept; undefined where what is cached has to do. */
async function passed(cache: Cache, want: Want, accept: string | undefined): Promise<Document | undefined> {
  const request = accept === undefined ? want.request : { ...want.request, accept }
  const { freshness, missing } = want
  const isKept = freshness.kind === 'revalidate' && freshness.whenDeleted === 'keep'
  try {
    return await cache.pass({ ...want, request }, PASS_WITHIN)
  } catch (error) {
    if (isUpstreamTrouble(error)) return undefined
    if (isKept && error instanceof AppError && error.code === missing) return undefined
    throw error
  }
}

function send(exchange: Exchange, ask: ManifestAsk, found: Found): void {
  const headers: Headers = { ...ask.headers, 'content-type': typeOf(found), vary: 'Accept' }
  const digest = nameOf(ask, found)
  if (digest !== undefined) headers['docker-content-digest'] = digest
  if ('bytes' in found) sendDocument(exchange, { ...found, digest }, headers)
  else sendMeta(exchange, { ...found, digest }, headers)
}

function typeOf(found: Found): string {
  return found.mediaType ?? ('bytes' in found ? typeIn(found.bytes) : UNTYPED)
}

/** The type a manifest states of itself, or shows by what it lists, for upstreams that send none. */
function typeIn(bytes: Buffer): string {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return UNTYPED
  }
  if (typeof json !== 'object' || json === null) return UNTYPED
  const { mediaType, manifests } = json as { mediaType?: unknown; manifests?: unknown } // both are checked below
  if (typeof mediaType === 'string' && /^application\/[\w.+-]+$/.test(mediaType)) return mediaType
  return Array.isArray(manifests) ? UNTYPED_INDEX : UNTYPED
}
