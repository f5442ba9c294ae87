import type { Clock } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'
import { type AddressGuard, createAddressGuard } from './address-guard.ts'
import { type Authenticator, type Authorization, createAuthenticator } from './bearer.ts'
import { type Breaker, createBreaker } from './health.ts'
import { type Connections, createConnections, proxyLogin, proxyUser } from './pools.ts'
import { createRateLimits, type RateLimits } from './rate-limit.ts'
import { createRecord, type Meter, type TrackRecord } from './record.ts'
import type { Resolve } from './resolve.ts'
import type { ClientLimits, UpstreamSettings } from './settings.ts'
import { createTokenService } from './token-service.ts'
import { createTokens, type Tokens } from './tokens.ts'

/** What every upstream needs from outside. */
export interface Surroundings {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly limits: ClientLimits
  readonly resolve: Resolve
  readonly meter: Meter
}

/** One upstream with everything we learnt about it. */
export interface Upstream {
  readonly settings: UpstreamSettings
  readonly connections: Connections
  readonly guard: AddressGuard
  readonly breaker: Breaker
  /** Who wants to know when a call is about to be repeated. */
  readonly onlookers: Set<(how: string) => void>
  readonly rates: RateLimits
  /** For people. */
  readonly record: TrackRecord
  readonly tokens: Tokens
  readonly authenticator: Authenticator
  /** Of an upstream of files: what goes along with requests that ask for it. */
  readonly fixed: Authorization | undefined
  /** What may never be quoted or logged. */
  readonly secrets: readonly string[]
  /** Counts a call in; the returned function counts it out. */
  enter(): () => void
  /** Closes the connections once the calls and answers under way are done, and resolves then. */
  retire(): Promise<void>
}

/**
 * `previous` is the same upstream before a reload: its tokens and pull budget are kept unless the address or
 * the credentials changed, which makes everything it knew worthless or dangerous.
 */
export function createUpstream(
  settings: UpstreamSettings,
  surroundings: Surroundings,
  previous?: Upstream,
): Upstream {
  const { clock, random, limits, resolve, meter } = surroundings
  const kept = previous !== undefined && isSameAccount(previous.settings, settings) ? previous : undefined
  const guard = createAddressGuard(settings)
  const connections = createConnections({ settings, limits, resolve, guard })
  const login = loginOf(settings)
  const secrets = secretsOf(settings, login)
  const tokens = kept?.tokens ?? createTokens(clock)
  const service = createTokenService({
    settings,
    limits,
    connections,
    guard,
    clock,
    random,
    login,
    secrets,
    meter,
  })
  const idle = Promise.withResolvers<void>()
  let calls = 0
  let retired = false

  function checkIdle(): void {
    if (retired && calls === 0) idle.resolve()
  }

  async function retire(): Promise<void> {
    retired = true
    checkIdle()
    await idle.promise
    await connections.retire()
  }

  return {
    settings,
    connections,
    guard,
    breaker: createBreaker(settings.name, clock),
    onlookers: new Set(),
    rates: kept?.rates ?? createRateLimits(clock, settings.kind),
    record: kept?.record ?? createRecord(settings.name, clock, meter),
    tokens,
    authenticator: createAuthenticator({ settings, tokens, service, login }),
    fixed: fixedOf(settings, login),
    secrets,
    enter() {
      calls++
      return () => {
        calls--
        checkIdle()
      }
    },
    retire,
  }
}

function isSameAccount(a: UpstreamSettings, b: UpstreamSettings): boolean {
  const isSameLogin = a.username === b.username && a.password === b.password && a.token === b.token
  return a.url === b.url && isSameLogin && a.kind === b.kind
}

function fixedOf({ token = '' }: UpstreamSettings, login: string | undefined): Authorization | undefined {
  if (login !== undefined) return { kind: 'basic', header: login }
  if (token === '') return undefined
  return { kind: 'bearer', header: `Bearer ${token}`, key: '', token, fresh: false }
}

function loginOf({ username, password }: UpstreamSettings): string | undefined {
  if (username === undefined || username === '') return undefined
  return `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
}

/** In every spelling that somebody could quote them in; the longest first, so that no rest is left. */
function secretsOf(
  { password = '', token = '', proxy }: UpstreamSettings,
  login: string | undefined,
): string[] {
  const logins = proxy === undefined ? [login] : [login, proxyLogin(new URL(proxy))]
  const own = [password, token]
  const words = proxy === undefined ? own : [...own, proxyUser(new URL(proxy)).password]
  const all = [
    ...logins.map((header) => header?.slice('Basic '.length) ?? ''),
    ...words.flatMap((word) => [word, encodeURIComponent(word.toWellFormed())]),
  ]
  return [...new Set(all)].filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length)
}
