import type { Cache } from '../../cache/cache.ts'
import type { Meta } from '../../cache/want.ts'
import { type Digest, digestOf, parseDigest, type Sha256 } from '../../domain/digest.ts'
import { isUpstreamTrouble } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendDocument } from '../send.ts'
import type { OciOperation } from './operation.ts'
import { cutPage, inOrder, linkTo, nextPage, type Page, parsePage } from './pages.ts'
import { collectReferrers, REFERRERS_TYPE } from './referrers.ts'
import type { Route, Router } from './route.ts'
import { createTagLists, type TagList, type TagLists } from './tag-lists.ts'
import { listWant, type OciLimits, type OciUpstream } from './wants.ts'

const LARGEST_PAGE = 1000
const CATALOG_PAGE = 100
/** Clients ask for 50, 100, 1000 or so at a time. */
const USUAL_STEP = 50

type OciRoute = Route<OciUpstream>

export interface Lists {
  sendTags(route: OciRoute, op: OciOperation, exchange: Exchange, headers: Headers): Promise<void>
  sendReferrers(
    route: OciRoute,
    ask: { op: OciOperation; digest: Digest },
    exchange: Exchange,
    headers: Headers,
  ): Promise<void>
  sendCatalog(op: OciOperation, exchange: Exchange, headers: Headers): void
}

/** Tags, referrers and the catalog (OCI distribution spec, "Content Discovery"). */
export function createLists(cache: Cache, router: Router<OciUpstream>, limits: OciLimits): Lists {
  const tagLists = createTagLists()
  return {
    sendTags: async (route, op, exchange, headers) => {
      const page = parsePage(op.query)
      const { tags, meta, more, list } = await readTags({ cache, tagLists, limits }, route, page)
      const path = ownPath(op, 'tags/list')
      const last = tags.at(-1)
      // An empty page ends the list whatever the upstream's link says: it might lead back to the beginning.
      const link = more && last !== undefined ? linkTo(path, op, { n: page.n, last }) : undefined
      const name = op.resource.kind === 'tags' ? op.resource.name.join('/') : route.repository
      if (list?.ordered() === tags) return sendBytes(exchange, { meta, ...list.whole(name) }, headers)
      sendJson(exchange, { meta, body: { name, tags } }, withLink(headers, link))
    },
    sendReferrers: async (route, { op, digest }, exchange, headers) => {
      const type = op.query.get('artifactType')
      const { index, meta } = await collectReferrers(cache, { route, digest, limits })
      const manifests = type === null ? index : index.filter((one) => one['artifactType'] === type)
      const body = { schemaVersion: 2, mediaType: REFERRERS_TYPE, manifests }
      const filtered = type === null ? {} : { 'oci-filters-applied': 'artifactType' }
      sendJson(exchange, { meta, body, type: REFERRERS_TYPE }, { ...headers, ...filtered })
    },
    sendCatalog: (op, exchange, headers) => {
      const page = parsePage(op.query)
      const n = Math.min(page.n ?? CATALOG_PAGE, LARGEST_PAGE)
      const upstream = router.fixed(op)?.name
      const only = upstream === undefined ? {} : { upstream }
      const found = cache.repositories({ frontEnd: 'oci', ...only, last: page.last ?? '', limit: n + 1 })
      const repositories = found.slice(0, n)
      const more = n > 0 && found.length > n
      const link = more
        ? linkTo(ownPath(op, '_catalog'), op, { n, last: repositories.at(-1) ?? '' })
        : undefined
      sendJson(exchange, { meta: LOCAL, body: { repositories } }, withLink(headers, link))
    },
  }
}

const LOCAL: Meta = {
  digest: undefined,
  size: undefined,
  mediaType: undefined,
  headers: {},
  outcome: 'hit',
  warning: undefined,
}

interface TagPage {
  readonly tags: readonly string[]
  readonly meta: Meta
  /** Whether there are tags after these. */
  readonly more: boolean
  /** The list of the upstream they are from. */
  readonly list?: TagList
}

interface TagSource {
  readonly cache: Cache
  readonly tagLists: TagLists
  readonly limits: OciLimits
}

/** Unusual pages of one repository that are kept. */
const MOST_PAGES = 64

/**
 * Clients choose where a page begins and how long it is, in as many ways as they like: beginnings of usual lengths
 * are always worth a row in the index, of all others a bounded number.
 */
function isWorthKeeping(cache: Cache, route: OciRoute, { n, last }: Page): boolean {
  if (last === undefined && (n === undefined || n % USUAL_STEP === 0)) return true
  const { upstream, repository } = route
  const key = { frontEnd: 'oci', upstream: upstream.name, repository, kind: 'tags' } as const
  return cache.refs(key).length < MOST_PAGES
}

/** A page of tags as the upstream has it; while it cannot be asked, of the tags that are cached. */
async function readTags(
  { cache, tagLists, limits }: TagSource,
  route: OciRoute,
  page: Page,
): Promise<TagPage> {
  try {
    const want = listWant(route, { kind: 'tags', path: `tags/list${nextPage(page)}` }, limits)
    const document = await (isWorthKeeping(cache, route, page) ? cache.read(want) : cache.pass(want))
    const isLast = document.headers['link'] === undefined
    const list = tagLists.read(document)
    const { names, cut } = cutPage(list, page)
    // The order of a page that has a next one is the upstream's: its last name leads there.
    if (!isLast) return { tags: names, meta: document, more: true, list }
    return { tags: names === list.names ? list.ordered() : inOrder(names), meta: document, more: cut, list }
  } catch (error) {
    const { upstream, repository } = route
    const key = { frontEnd: 'oci', upstream: upstream.name, repository, kind: 'manifest' } as const
    const cached = isUpstreamTrouble(error)
      ? cache.refs(key).filter((ref) => parseDigest(ref) === undefined)
      : []
    if (cached.length === 0) throw error
    const after = cached.filter((tag) => tag > (page.last ?? ''))
    const { names, cut } = cutPage({ names: after, ordered: () => after }, page)
    const warning = `served stale: ${upstream.name} cannot be asked; these are the tags that are cached`
    return { tags: names, meta: { ...LOCAL, outcome: 'stale', warning }, more: cut }
  }
}

/** The address the client asked, so that it finds the next page the way it found this one. */
function ownPath(op: OciOperation, end: string): string {
  const prefix = op.prefix === undefined ? '' : `/${op.prefix}`
  const { resource } = op
  const name = 'name' in resource ? `${resource.name.join('/')}/` : ''
  return `${prefix}/v2/${name}${end}`
}

function withLink(headers: Headers, link: string | undefined): Headers {
  return link === undefined ? headers : { ...headers, link }
}

function sendJson(
  exchange: Exchange,
  { meta, body, type = 'application/json' }: { meta: Meta; body: object; type?: string },
  headers: Headers,
): void {
  const bytes = Buffer.from(JSON.stringify(body))
  sendBytes(exchange, { meta, bytes, digest: digestOf(bytes) }, { ...headers, 'content-type': type })
}

function sendBytes(
  exchange: Exchange,
  { meta, bytes, digest }: { meta: Meta; bytes: Buffer; digest: Sha256 },
  headers: Headers,
): void {
  const document = { ...meta, digest, size: bytes.length, bytes }
  sendDocument(exchange, document, { 'content-type': 'application/json', ...headers })
}
