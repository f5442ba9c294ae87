import type { Cache } from '../../cache/cache.ts'
import type { Document, Meta } from '../../cache/want.ts'
import { SECOND } from '../../domain/clock.ts'
import { type Digest, hexOf } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import type { Ask } from './ask.ts'
import { nextLink } from './pages.ts'
import { listWant, manifestWant } from './wants.ts'

export const REFERRERS_TYPE = 'application/vnd.oci.image.index.v1+json'

const MOST_PAGES = 100
/** Milliseconds until no further page is asked for: clients wait no longer either. */
const LONGEST = 30 * SECOND
const MOST_BYTES = 64 * 1024 * 1024

export type Descriptor = Readonly<Record<string, unknown>>

type ReferrersAsk = Pick<Ask, 'route' | 'limits' | 'kept'> & { readonly digest: Digest }

interface Found {
  readonly index: readonly Descriptor[]
  readonly meta: Meta
}

/**
 * All referrers of a manifest (OCI distribution spec, "Listing Referrers"), every page of the upstream's list.
 * An upstream without the API is asked for the tag that stands in for it; with neither, the list is empty.
 */
export async function collectReferrers(cache: Cache, ask: ReferrersAsk): Promise<Found> {
  try {
    return await readPages(cache, ask)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    return await readTag(cache, ask)
  } catch (error) {
    if (!isNotFound(error)) throw error
    return { index: [], meta: NOTHING }
  }
}

const NOTHING: Meta = {
  digest: undefined,
  size: undefined,
  mediaType: undefined,
  headers: {},
  outcome: 'miss',
  warning: undefined,
}

async function readPages(cache: Cache, { route, digest, limits, kept }: ReferrersAsk): Promise<Found> {
  const index: Descriptor[] = []
  const seen = new Set<string>()
  let path: string | undefined = `referrers/${digest}`
  let first: Document | undefined
  let bytes = 0
  const until = performance.now() + LONGEST
  while (path !== undefined && !seen.has(path) && seen.size < MOST_PAGES && bytes < MOST_BYTES) {
    if (performance.now() > until) break
    seen.add(path)
    const page: Document = await cache.read(kept(listWant(route, { kind: 'referrers', path }, limits)))
    first ??= page
    bytes += page.size
    index.push(...manifestsIn(page.bytes))
    path = pathOfNext(page.headers['link'], `referrers/${digest}`)
  }
  return { index, meta: first ?? NOTHING }
}

/** Only the query of the link is followed: whatever host or path it names, this is still the same list. */
function pathOfNext(link: string | undefined, path: string): string | undefined {
  const target = nextLink(link)
  const query = target?.split('?')[1]
  return query === undefined ? undefined : `${path}?${query}`
}

async function readTag(cache: Cache, { route, digest, limits, kept }: ReferrersAsk): Promise<Found> {
  const text = `${digest.slice(0, 6)}-${hexOf(digest).slice(0, 64)}`
  const document = await cache.read(kept(manifestWant(route, { kind: 'tag', text }, limits)))
  return { index: manifestsIn(document.bytes), meta: document }
}

function manifestsIn(bytes: Buffer): readonly Descriptor[] {
  try {
    // Checked below: only objects are taken.
    const { manifests } = JSON.parse(bytes.toString('utf8')) as { manifests?: unknown }
    return Array.isArray(manifests) ? manifests.filter(isDescriptor) : []
  } catch (error) {
    throw new AppError('upstream_invalid', {
      message: 'the upstream sent no list of referrers',
      cause: error,
    })
  }
}

function isDescriptor(value: unknown): value is Descriptor {
  return typeof value === 'object' && value !== null
}

function isNotFound(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'name_unknown' || error.code === 'manifest_unknown')
}
