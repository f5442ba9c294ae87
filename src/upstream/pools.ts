import { createSecureContext, getCACertificates } from 'node:tls'
import { Agent, type Dispatcher, Pool, ProxyAgent } from 'undici'
import type { AddressGuard } from './address-guard.ts'
import { createConnector } from './connector.ts'
import type { Resolve } from './resolve.ts'
import type { ClientLimits, UpstreamSettings } from './settings.ts'

/** The connections of one upstream: to its own host, its token service and where it redirects to. */
export interface Connections {
  readonly dispatcher: Dispatcher
  /** Whether a request that starts now starts on a connection that was just made. */
  readonly isFresh: () => boolean
  /** Counts a request in; the answer counts it out. */
  enter(origin: string): () => void
  /** Whether requests wait for one of our own connections, which is not the upstream's fault. */
  isCrowded(origin: string): boolean
  /** Lets running answers finish, then closes. */
  retire(): Promise<void>
  /** Breaks everything off with `error`. */
  destroy(error: Error): Promise<void>
}

export interface ConnectionsOptions {
  readonly settings: UpstreamSettings
  readonly limits: ClientLimits
  readonly resolve: Resolve
  readonly guard: AddressGuard
}

/** Keep-alive connection pools for one upstream, through its proxy if it has one. Opens nothing yet. */
export function createConnections(options: ConnectionsOptions): Connections {
  const { dispatcher, isFresh } =
    options.settings.proxy === undefined ? directDispatcher(options) : proxyDispatcher(options)
  const active = new Map<string, number>()

  function enter(origin: string): () => void {
    active.set(origin, (active.get(origin) ?? 0) + 1)
    return () => {
      const left = (active.get(origin) ?? 1) - 1
      if (left > 0) active.set(origin, left)
      else active.delete(origin)
    }
  }

  return {
    dispatcher,
    isFresh,
    enter,
    isCrowded: (origin) => (active.get(origin) ?? 0) > options.limits.connections,
    retire: () => dispatcher.close(),
    destroy: (error) => dispatcher.destroy(error),
  }
}

type Reach = Pick<Connections, 'dispatcher' | 'isFresh'>

function directDispatcher({ settings, limits, resolve, guard }: ConnectionsOptions): Reach {
  const secureContext =
    settings.ca === undefined ? undefined : createSecureContext({ ca: trustedRoots(settings.ca) })
  const connector = createConnector({ limits, guard, resolve, secureContext })
  const dispatcher = new Agent({ ...poolOptions(limits), connect: connector.connect })
  return { dispatcher, isFresh: connector.isFresh }
}

/** The proxy resolves and connects to the target, so only its own address is ours to reach, private or not. */
function proxyDispatcher({ settings, limits }: ConnectionsOptions): Reach {
  const proxy = new URL(settings.proxy ?? '')
  const login = proxyLogin(proxy)
  const trust = {
    rejectUnauthorized: true,
    ...(settings.ca === undefined ? {} : { ca: trustedRoots(settings.ca) }),
  }
  const options = poolOptions(limits)
  const dispatcher = new ProxyAgent({
    ...options,
    uri: proxy.origin,
    ...(login === undefined ? {} : { token: login }),
    connectTimeout: limits.connectMs,
    requestTls: { ...trust, timeout: limits.tlsMs },
    proxyTls: { ...trust, timeout: limits.connectMs },
    factory: (origin, given: Pool.Options) => new Pool(origin, { ...options, ...given }),
    clientFactory: (origin, given: Pool.Options) =>
      new Pool(origin, { ...options, headersTimeout: limits.connectMs, ...given }),
  })
  return { dispatcher, isFresh: () => true }
}

/** User and password of a proxy's URL as they were meant. */
export function proxyUser({ username, password }: URL): { name: string; password: string } {
  return { name: decoded(username), password: decoded(password) }
}

/** The Proxy-Authorization for a proxy's URL; undefined where it names nobody. */
export function proxyLogin(proxy: URL): string | undefined {
  const { name, password } = proxyUser(proxy)
  return name === '' ? undefined : `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function poolOptions(limits: ClientLimits): Pool.Options {
  return {
    connections: limits.connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: limits.keepAliveMs,
    keepAliveMaxTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: 0,
    bodyTimeout: limits.idleMs,
  }
}

function trustedRoots(pem: string): string[] {
  return [...getCACertificates('default'), pem]
}
