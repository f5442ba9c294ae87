import type { Cache } from '../../cache/cache.ts'
import type { Evictor } from '../../cache/evictor.ts'
import { unkept, type Want } from '../../cache/want.ts'
import { AppError } from '../../domain/errors.ts'
import { DOCKER_HUB } from '../../domain/names.ts'
import { createFrontEnd, ALWAYS as NO_PAGE, type Refusal, type SettledFrontEnd } from '../frame.ts'
import type { Exchange, Need, RequestLine } from '../front-end.ts'
import type { Headers } from '../send.ts'
import { type Ask, targetOf, titleOf } from './ask.ts'
import { serveBlob } from './blob.ts'
import { checkIn, refuseCheck } from './client-check.ts'
import { serveDelete } from './delete.ts'
import { renderError } from './errors.ts'
import { createLists } from './lists.ts'
import { serveManifest } from './manifest.ts'
import type { OciOperation } from './operation.ts'
import { isOciPath, type OciResource, parseOciPath } from './path.ts'
import { createRouter, parseNamespace, type Router } from './route.ts'
import { type FindRepositories, SEARCH_PATH, sendSearch } from './search.ts'
import type { OciLimits, OciUpstream } from './wants.ts'

export interface OciSettings {
  readonly upstreams: readonly OciUpstream[]
  readonly limits: OciLimits
}

export type OciFrontEnd = SettledFrontEnd<OciOperation, OciSettings>

/** On every answer below /v2/: old clients recognise a registry by the first. */
const ALWAYS: Headers = { 'docker-distribution-api-version': 'registry/2.0', ...NO_PAGE }

const READS = new Set(['GET', 'HEAD'])
const EVICTABLE = new Set<OciResource['kind']>(['manifest', 'blob'])

export interface OciDeps {
  readonly cache: Cache
  readonly evictor: Evictor
  /** Unless given, nothing can be searched for. */
  readonly find?: FindRepositories
}

/** The registry: the pull side of the OCI distribution spec, version 1.1. */
export function createOciFrontEnd(deps: OciDeps, initial: OciSettings): OciFrontEnd {
  const protocol = { name: 'oci', parse, needOf, methods: 'GET, HEAD, DELETE', refusalOf } as const
  return createFrontEnd(protocol, (settings: OciSettings) => createServe(deps, settings), initial)
}

function createServe(
  { cache, evictor, find }: OciDeps,
  { limits, upstreams }: OciSettings,
): OciFrontEnd['serve'] {
  const router = createRouter(upstreams)
  const lists = createLists(cache, router)
  const fallback = upstreams.find((upstream) => upstream.default)?.name

  return async (op, exchange) => {
    const { resource } = op
    if (resource.kind === 'ping') return sendPing(router, op, exchange)
    if (resource.kind === 'search') {
      const own = router.fixed(op)
      // Nobody else is searched.
      if (find === undefined || (own !== undefined && !isDockerHub(own)))
        throw new AppError('name_unknown', { message: 'no such endpoint' })
      return await sendSearch({ find, fallback: own?.name ?? fallback, headers: NO_PAGE }, op, exchange)
    }
    if (resource.kind === 'catalog') return lists.sendCatalog(op, exchange, headersFor(op))
    const route = router.resolve({ ...op, name: resource.name })
    const target = targetOf(route, resource)
    exchange.notes.name = titleOf(target)
    exchange.notes.upstream = route.upstream.name
    const check = checkIn(router, op, route)
    if (check !== undefined) return refuseCheck(exchange, check)
    exchange.notes.kind = resource.kind
    if (op.verb === 'read') exchange.access.requirePull(target)
    const kept = exchange.access.mayStore(target) ? asIs : unkept
    const ask: Ask = { route, limits, headers: headersFor(op), kept }
    if (op.verb === 'delete') return await serveDelete(evictor, exchange, { ...ask, resource })
    switch (resource.kind) {
      case 'manifest':
        return await serveManifest(cache, exchange, { ...ask, reference: resource.reference })
      case 'blob':
        return await serveBlob(cache, exchange, { ...ask, digest: resource.digest })
      case 'tags':
        return await lists.sendTags(ask, op, exchange)
      case 'referrers':
        return await lists.sendReferrers({ ...ask, digest: resource.digest }, op, exchange)
    }
  }
}

function isDockerHub({ name, aliases }: OciUpstream): boolean {
  return name === DOCKER_HUB || aliases.includes(DOCKER_HUB)
}

function parse(line: RequestLine): OciOperation | undefined {
  if (line.path === SEARCH_PATH && READS.has(line.method)) return searchOf(line)
  if (!line.path.includes('/v2')) return undefined
  if (!READS.has(line.method)) {
    if (!isOciPath(line.path)) return undefined
    if (line.method !== 'DELETE') throw new AppError('unsupported')
  }
  const path = parseOciPath(line.path)
  if (path === undefined) return undefined
  const verb = READS.has(line.method) ? 'read' : 'delete'
  if (verb === 'delete' && !EVICTABLE.has(path.resource.kind)) throw new AppError('unsupported')
  const query = new URLSearchParams(line.query)
  return {
    ...path,
    verb,
    namespace: line.query === '' ? undefined : parseNamespace(query),
    query,
    host: line.host,
  }
}

function searchOf({ query, host }: RequestLine): OciOperation {
  const resource = { kind: 'search' } as const
  const around = { prefix: undefined, namespace: undefined, host }
  return { verb: 'read', resource, query: new URLSearchParams(query), ...around }
}

/** Docker's login asks for nothing but this. */
function needOf({ verb, resource }: OciOperation): Need {
  if (verb === 'delete') return 'operator'
  return resource.kind === 'ping' ? 'login' : 'pull'
}

function headersFor({ namespace }: Pick<OciOperation, 'namespace'>): Headers {
  return namespace === undefined ? { ...ALWAYS } : { ...ALWAYS, 'oci-namespace': namespace }
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

const asIs = (want: Want): Want => want

function refusalOf(error: AppError, { query }: RequestLine): Refusal {
  const { status, body } = renderError(error, /(^|&)ns=/.test(query))
  const headers = { ...headersFor({ namespace: namespaceIn(query) }), 'content-type': 'application/json' }
  return { status, headers, body }
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
