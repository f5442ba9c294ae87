import { AppError } from '../../domain/errors.ts'
import { DOCKER_HUB } from '../../domain/names.ts'
import { because } from '../../domain/reasons.ts'
import { joinName } from './name.ts'

/** An upstream as routing knows it. */
export interface UpstreamRoute {
  readonly name: string
  readonly aliases: readonly string[]
  readonly default: boolean
  readonly hosts: readonly string[]
}

/** Where a request goes. */
export interface Route<U extends UpstreamRoute> {
  readonly upstream: U
  readonly repository: string
}

export interface RouteAsk {
  readonly prefix: string | undefined
  readonly name: readonly string[]
  readonly namespace: string | undefined
  readonly host: string
}

export interface Router<U extends UpstreamRoute> {
  /** Throws AppError `name_unknown` for an upstream that is not configured: nothing is ever dialled for it. */
  resolve(ask: RouteAsk): Route<U>
  /** The upstream that everything on this request belongs to, when host, prefix or namespace say so. */
  fixed(ask: Omit<RouteAsk, 'name'>): U | undefined
}

/** Names are compared in lower case and without the default port. */
function normalise(name: string): string {
  return name.toLowerCase().replace(/:443$/, '')
}

/**
 * All the ways to name an upstream lead to one cache entry: by namespace (`?ns=`), by virtual host, by prefix
 * before or after `/v2`, by alias, or not at all (the default upstream).
 */
export function createRouter<U extends UpstreamRoute>(upstreams: readonly U[]): Router<U> {
  const byName = new Map<string, U>()
  const byHost = new Map<string, U>()
  for (const upstream of upstreams) {
    for (const name of [upstream.name, ...upstream.aliases]) byName.set(normalise(name), upstream)
    for (const host of upstream.hosts) byHost.set(normalise(host), upstream)
  }
  const fallback = upstreams.find((upstream) => upstream.default)

  const known = (name: string): U => {
    const upstream = byName.get(normalise(name))
    if (upstream === undefined) throw new AppError('name_unknown', because('no_upstream', { upstream: name }))
    return upstream
  }

  const fixed: Router<U>['fixed'] = ({ prefix, namespace, host }) => {
    const said = [
      namespace === undefined ? undefined : known(namespace),
      prefix === undefined ? undefined : known(prefix),
      byHost.get(host),
    ].filter((upstream) => upstream !== undefined)
    const [first] = said
    const other = said.find((upstream) => upstream !== first)
    if (first !== undefined && other !== undefined) {
      throw new AppError('name_unknown', {
        message: `the request names two upstreams, ${first.name} and ${other.name}`,
      })
    }
    return first
  }

  /** `ghcr.io/org/app` behind `?ns=ghcr.io`: the prefix says the same once more and is dropped. */
  const stripped = (name: readonly string[], upstream: U): readonly string[] => {
    const [first = '', ...rest] = name
    return rest.length > 0 && byName.get(normalise(first)) === upstream ? rest : name
  }

  return {
    fixed,
    resolve: (ask) => {
      const upstream = fixed(ask)
      if (upstream !== undefined) return route(upstream, stripped(ask.name, upstream))
      const [first = '', ...rest] = ask.name
      const named = byName.get(normalise(first))
      if (named !== undefined && rest.length > 0) return route(named, rest)
      if (looksLikeHost(first)) return route(known(first), rest)
      if (fallback === undefined) throw new AppError('name_unknown', because('which_upstream'))
      return route(fallback, ask.name)
    },
  }
}

function looksLikeHost(component: string): boolean {
  return component.includes('.') || component.includes(':') || component === 'localhost'
}

function route<U extends UpstreamRoute>(upstream: U, name: readonly string[]): Route<U> {
  const components = upstream.name === DOCKER_HUB && name.length === 1 ? ['library', ...name] : name
  return { upstream, repository: joinName(components) }
}

/**
 * The `ns` parameter of a query (OCI distribution spec, "Registry Proxying"). Throws AppError `name_invalid`
 * when it is repeated or is no host name with an optional port.
 */
export function parseNamespace(query: URLSearchParams): string | undefined {
  const [first, ...more] = query.getAll('ns')
  if (first === undefined) return undefined
  const isHost = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:\d{1,5})?$/i.test(first) && first.length <= LONGEST_HOST
  if (more.length === 0 && isHost) return first
  throw new AppError('name_invalid', { message: 'ns must be one registry host name' })
}

const LONGEST_HOST = 255
