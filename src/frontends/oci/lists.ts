import type { Cache } from '../../cache/cache.ts'
import type { Meta } from '../../cache/want.ts'
import { type Digest, digestOf, type Sha256 } from '../../domain/digest.ts'
import type { Exchange } from '../front-end.ts'
import { type Headers, sendDocument } from '../send.ts'
import { type Ask, targetOf } from './ask.ts'
import { readCatalog } from './catalog.ts'
import type { OciOperation } from './operation.ts'
import { linkTo, parsePage } from './pages.ts'
import { collectReferrers, REFERRERS_TYPE } from './referrers.ts'
import type { Router } from './route.ts'
import { createTagLists } from './tag-lists.ts'
import { LOCAL, readShownTags } from './tags.ts'
import type { OciUpstream } from './wants.ts'

const LARGEST_PAGE = 1000
const CATALOG_PAGE = 100

export interface Lists {
  sendTags(ask: Ask, op: OciOperation, exchange: Exchange): Promise<void>
  sendReferrers(ask: Ask & { readonly digest: Digest }, op: OciOperation, exchange: Exchange): Promise<void>
  sendCatalog(op: OciOperation, exchange: Exchange, headers: Headers): Promise<void>
}

/** Tags, referrers and the catalog (OCI distribution spec, "Content Discovery"). */
export function createLists(cache: Cache, router: Router<OciUpstream>): Lists {
  const source = { cache, tagLists: createTagLists() }
  return {
    sendTags: async (ask, op, exchange) => {
      const page = parsePage(op.query)
      const name = op.resource.kind === 'tags' ? op.resource.name.join('/') : ask.route.repository
      const found = await readShownTags(source, ask, page, filterOf(ask, exchange))
      const { tags, meta, more, list } = found
      const path = ownPath(op, exchange, 'tags/list')
      const last = tags.at(-1)
      // An empty page ends the list whatever the upstream's link says: it might lead back to the beginning.
      const link = more && last !== undefined ? linkTo(path, op, { n: page.n, last }) : undefined
      if (list?.ordered() === tags) return sendBytes(exchange, { meta, ...list.whole(name) }, ask.headers)
      sendJson(exchange, { meta, body: { name, tags } }, withLink(ask.headers, link))
    },
    sendReferrers: async (ask, op, exchange) => {
      const type = op.query.get('artifactType')
      const { index, meta } = await collectReferrers(cache, ask)
      const mayShow = filterOf(ask, exchange) ?? (() => true)
      const shown = index.filter(({ digest }) => typeof digest !== 'string' || mayShow(digest))
      const manifests = type === null ? shown : shown.filter((one) => one['artifactType'] === type)
      const body = { schemaVersion: 2, mediaType: REFERRERS_TYPE, manifests }
      const filtered = type === null ? {} : { 'oci-filters-applied': 'artifactType' }
      sendJson(exchange, { meta, body, type: REFERRERS_TYPE }, { ...ask.headers, ...filtered })
    },
    sendCatalog: async (op, exchange, headers) => {
      const page = parsePage(op.query)
      const n = Math.min(page.n ?? CATALOG_PAGE, LARGEST_PAGE)
      const upstream = router.fixed(op)?.name
      const last = page.last ?? ''
      const found = await readCatalog(cache, exchange.access, { upstream, last, limit: n + 1 })
      const repositories = found.slice(0, n)
      const more = n > 0 && found.length > n
      const path = ownPath(op, exchange, '_catalog')
      const link = more ? linkTo(path, op, { n, last: repositories.at(-1) ?? '' }) : undefined
      sendJson(exchange, { meta: LOCAL, body: { repositories } }, withLink(headers, link))
    },
  }
}

/** Which tags and digests may be shown; undefined: all of them. */
function filterOf({ route }: Ask, { access }: Exchange): ((reference: string) => boolean) | undefined {
  if (access.isUnrestricted) return undefined
  const { name } = targetOf(route, { kind: 'tags', name: [] })
  return (reference) => access.mayPull({ name, reference })
}

/** The address the client asked, so that it finds the next page the way it found this one. */
function ownPath(op: OciOperation, exchange: Exchange, end: string): string {
  const prefix = op.prefix === undefined ? '' : `/${op.prefix}`
  const { resource } = op
  const name = 'name' in resource ? `${resource.name.join('/')}/` : ''
  return exchange.withKey(`${prefix}/v2/${name}${end}`)
}

function withLink(headers: Headers, link: string | undefined): Headers {
  return link === undefined ? headers : { ...headers, link }
}

/** A body that comes from here alone. */
export function sendJson(
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
