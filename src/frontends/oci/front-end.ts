import type { Cache } from '../../cache/cache.ts'
import { AppError } from '../../domain/errors.ts'
import type { Exchange, FrontEnd, RequestLine } from '../front-end.ts'
import { type Headers, sendContent, sendMeta } from '../send.ts'
import { renderError } from './errors.ts'
import { createLists, type Lists } from './lists.ts'
import { serveManifest } from './manifest.ts'
import type { OciOperation } from './operation.ts'
import { type OciResource, parseOciPath } from './path.ts'
import { createRouter, parseNamespace, type Route, type Router } from './route.ts'
import { blobWant, type OciLimits, type OciUpstream } from './wants.ts'

export interface OciSettings {
  readonly upstreams: readonly OciUpstream[]
  readonly limits: OciLimits
}

export interface OciFrontEnd extends FrontEnd<OciOperation> {
  /** Takes other upstreams and limits into use from the next request on. */
  update(settings: OciSettings): void
}

/** On every answer below /v2/: old clients recognise a registry by the first, browsers run nothing of it. */
const ALWAYS: Headers = {
  'docker-distribution-api-version': 'registry/2.0',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
}

/** A 401 without a challenge means nothing to clients (RFC 9110 §15.5.2, RFC 7617). */
const CHALLENGE = 'Basic realm="Cachalot", charset="UTF-8"'

const READS = new Set(['GET', 'HEAD'])

/** The registry: the pull side of the OCI distribution spec, version 1.1. */
export function createOciFrontEnd(cache: Cache, initial: OciSettings): OciFrontEnd {
  let { limits } = initial
  let router = createRouter(initial.upstreams)
  let lists: Lists = createLists(cache, router, limits)

  const serve = async (op: OciOperation, exchange: Exchange): Promise<void> => {
    const { resource } = op
    if (resource.kind === 'ping') return sendPing(router, op, exchange)
    if (resource.kind === 'catalog') return lists.sendCatalog(op, exchange, headersFor(op))
    const route = router.resolve({ ...op, name: resource.name })
    exchange.notes.name = describe(route, resource)
    exchange.notes.upstream = route.upstream.name
    switch (resource.kind) {
      case 'manifest':
        return await serveManifest(cache, exchange, {
          route,
          reference: resource.reference,
          limits,
          headers: headersFor(op),
        })
      case 'blob':
        return await serveBlob(cache, exchange, {
          route,
          digest: resource.digest,
          limits,
          headers: headersFor(op),
        })
      case 'tags':
        return await lists.sendTags(route, op, exchange, headersFor(op))
      case 'referrers':
        return await lists.sendReferrers(route, { op, digest: resource.digest }, exchange, headersFor(op))
    }
  }

  return {
    name: 'oci',
    parse,
    serve,
    fail: (error, exchange) => fail(error, exchange),
    update: (settings) => {
      limits = settings.limits
      router = createRouter(settings.upstreams)
      lists = createLists(cache, router, limits)
    },
  }
}

function parse(line: RequestLine): OciOperation | undefined {
  if (!line.path.includes('/v2')) return undefined
  if (!READS.has(line.method)) {
    if (!/^(\/[^/]+)?\/v2(\/|$)/.test(line.path)) return undefined
    if (line.method !== 'DELETE') throw new AppError('unsupported')
  }
  const path = parseOciPath(line.path)
  if (path === undefined) return undefined
  if (line.method === 'DELETE') {
    throw new AppError('denied', { message: 'only operators may evict, and no logins are configured' })
  }
  const query = new URLSearchParams(line.query)
  return { ...path, namespace: line.query === '' ? undefined : parseNamespace(query), query, host: line.host }
}

function headersFor({ namespace }: Pick<OciOperation, 'namespace'>): Headers {
  return namespace === undefined ? { ...ALWAYS } : { ...ALWAYS, 'oci-namespace': namespace }
}

function describe(route: Route<OciUpstream>, resource: OciResource): string {
  const name = `${route.upstream.name}/${route.repository}`
  switch (resource.kind) {
    case 'manifest':
      return resource.reference.kind === 'tag'
        ? `${name}:${resource.reference.text}`
        : `${name}@${resource.reference.text}`
    case 'blob':
    case 'referrers':
      return `${name}@${resource.digest}`
    default:
      return name
  }
}

/** Clients ask this first; it costs nobody anything. A prefix that names no upstream is refused here already. */
function sendPing(router: Router<OciUpstream>, op: OciOperation, exchange: Exchange): void {
  router.fixed(op)
  const body = Buffer.from('{}')
  exchange.res.writeHead(200, {
    ...headersFor(op),
    'content-type': 'application/json',
    'content-length': body.length,
    'x-cache': 'hit',
    'x-request-id': exchange.id,
  })
  exchange.res.end(exchange.line.method === 'HEAD' ? undefined : body)
}

interface BlobAsk {
  readonly route: Route<OciUpstream>
  readonly digest: Extract<OciResource, { kind: 'blob' }>['digest']
  readonly limits: OciLimits
  readonly headers: Headers
}

async function serveBlob(
  cache: Cache,
  exchange: Exchange,
  { route, digest, limits, headers }: BlobAsk,
): Promise<void> {
  const want = blobWant(route, digest, limits)
  const own = { ...headers, 'content-type': 'application/octet-stream', 'docker-content-digest': digest }
  if (exchange.line.method === 'HEAD') {
    sendMeta(exchange, await cache.stat(want), { ...own, 'accept-ranges': 'bytes' })
  } else {
    await sendContent(exchange, await cache.open(want), own)
  }
}

function fail(error: AppError, exchange: Exchange): void {
  const { query, method } = exchange.line
  const { status, body } = renderError(error, /(^|&)ns=/.test(query))
  const headers: Headers = {
    ...headersFor({ namespace: namespaceIn(query) }),
    'content-type': 'application/json',
    'content-length': body.length,
    'x-cache': exchange.notes.outcome ?? 'miss',
    'x-request-id': exchange.id,
  }
  if (error.code === 'unauthorized') headers['www-authenticate'] = CHALLENGE
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfter))
  if (error.code === 'unsupported') headers['allow'] = 'GET, HEAD, DELETE'
  exchange.res.writeHead(status, headers)
  exchange.res.end(method === 'HEAD' ? undefined : body)
}

/** The namespace of a request that failed, perhaps because of it. */
function namespaceIn(query: string): string | undefined {
  try {
    return parseNamespace(new URLSearchParams(query))
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
