import { type Clock, systemClock } from '../../src/domain/clock.ts'
import type { PullBudget } from './fake-budget.ts'
import { type Conditions, withConditions } from './fake-exchange.ts'
import { createFaults, type Faults } from './fake-faults.ts'
import { createGate, type Gate } from './fake-gate.ts'
import { createImages, type Images } from './fake-images.ts'
import type { TlsFiles } from './fake-listener.ts'
import { createRepositories, type Repositories } from './fake-repositories.ts'
import { openServers, type ServerOptions, type Servers } from './fake-servers.ts'
import { type AuthOptions, createAuth } from './fake-token.ts'
import { createRequestLog, type RequestLog, type Role } from './request-log.ts'

/** Every field has a default: an open registry that sends blobs itself, on a free port. */
export interface FakeUpstreamOptions {
  readonly auth?: AuthOptions['auth']
  /** Passwords by name. */
  readonly users?: Readonly<Record<string, string>>
  /** Whether tokens are given without a login; by default only when there are no users. */
  readonly anonymous?: boolean
  /** Repositories that need a login even then. */
  readonly privateRepos?: readonly string[]
  /** `redirect`: 307 to a signed URL of the CDN. */
  readonly blobs?: 'direct' | 'redirect'
  /** Seconds a signed URL lives, 1200. */
  readonly redirectTtl?: number
  /** `retryAfter` is the window unless given. */
  readonly rateLimit?: Omit<PullBudget, 'retryAfter'> & { readonly retryAfter?: number }
  /** Seconds, 300. */
  readonly tokenTtl?: number
  readonly omitExpiresIn?: boolean
  /** Where the token service lives: at /token of the registry, or on a listener of its own. */
  readonly tokenOrigin?: 'same' | 'separate'
  readonly acceptMode?: 'any' | 'flatten'
  /** False: the referrers API is missing and fallback tags are kept instead. */
  readonly referrers?: boolean
  /** The most entries of one page of tags, repositories or referrers. */
  readonly pageSize?: number
  readonly port?: number
  /** Of this machine, "127.0.0.1". */
  readonly address?: string
  /** Makes all listeners HTTPS. */
  readonly tls?: TlsFiles
  /** The time tokens and signed URLs live by. */
  readonly now?: Clock
}

export interface FakeUpstream extends Repositories, Images, Conditions, AsyncDisposable {
  readonly url: string
  /** "127.0.0.1:PORT" of the registry. */
  readonly host: string
  readonly cdnUrl: string
  readonly tokenUrl: string
  readonly requests: RequestLog
  readonly faults: Faults
  /** What is left of the pulls; undefined when `rateLimit` was not given. */
  readonly rateLimit: PullBudget | undefined
  /** Open connections of one server, or of all. */
  connections(role?: Role): number
  /** Refuses connections and destroys those that exist, of one server or of all. */
  stop(role?: Role): Promise<void>
  /** Comes back on the same ports. */
  start(role?: Role): Promise<void>
  /** Accepts connections and requests and is silent; bodies under way stop too. */
  freeze(): void
  /** Answers whatever is waiting. */
  thaw(): void
  /** Stops for good. */
  close(): Promise<void>
}

/** A registry, its token service and its CDN on loopback, to be faulty on demand. */
export async function startFakeUpstream(options: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const gate = createGate()
  const requests = createRequestLog()
  const faults = createFaults()
  const conditions: Conditions = { bandwidth: undefined, latency: 0 }
  const repositories = createRepositories({ fallbackTags: options.referrers === false })
  const rateLimit = budgetOf(options.rateLimit)
  const servers = await openServers(serverOptions(options, { repositories, budget: rateLimit }), {
    requests,
    faults,
    conditions,
    frozen: () => gate.frozen(),
  })
  return withConditions<FakeUpstream>(
    {
      ...repositories,
      ...createImages(repositories),
      ...createPower(servers, gate),
      url: servers.registry.url,
      host: servers.registry.host,
      cdnUrl: servers.cdn.url,
      tokenUrl: servers.tokenUrl,
      requests,
      faults,
      rateLimit,
    },
    conditions,
  )
}

function serverOptions(
  options: FakeUpstreamOptions,
  rest: Pick<ServerOptions, 'repositories' | 'budget'>,
): ServerOptions {
  const now = options.now ?? systemClock
  return {
    ...rest,
    auth: createAuth(authOptions(options, now)),
    blobs: options.blobs ?? 'direct',
    redirectTtl: options.redirectTtl ?? 1200,
    tokenOrigin: options.tokenOrigin ?? 'same',
    acceptMode: options.acceptMode ?? 'any',
    referrers: options.referrers ?? true,
    pageSize: options.pageSize,
    port: options.port ?? 0,
    address: options.address ?? '127.0.0.1',
    tls: options.tls,
    now,
  }
}

function authOptions(options: FakeUpstreamOptions, now: Clock): AuthOptions {
  const users = options.users ?? {}
  return {
    auth: options.auth ?? 'none',
    users,
    anonymous: options.anonymous ?? Object.keys(users).length === 0,
    privateRepos: options.privateRepos ?? [],
    tokenTtl: options.tokenTtl ?? 300,
    omitExpiresIn: options.omitExpiresIn ?? false,
    now,
  }
}

function budgetOf(limit: FakeUpstreamOptions['rateLimit']): PullBudget | undefined {
  return limit === undefined ? undefined : { retryAfter: limit.window, ...limit }
}

type Power = Pick<
  FakeUpstream,
  'connections' | 'stop' | 'start' | 'freeze' | 'thaw' | 'close' | typeof Symbol.asyncDispose
>

function createPower(servers: Servers, gate: Gate): Power {
  async function close(): Promise<void> {
    gate.open()
    await Promise.all(servers.of(undefined).map((listener) => listener.stop()))
  }
  return {
    connections: (role) => servers.of(role).reduce((sum, listener) => sum + listener.connections(), 0),
    async stop(role) {
      await Promise.all(servers.of(role).map((listener) => listener.stop()))
    },
    async start(role) {
      await Promise.all(servers.of(role).map((listener) => listener.start()))
    },
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
