import { type Challenge, parseChallenges } from './challenge.ts'
import { trustedRealm } from './realm.ts'
import type { UpstreamSettings } from './settings.ts'
import { type TokenAsk, tokenAsk } from './token-ask.ts'
import type { TokenService } from './token-service.ts'
import type { Tokens } from './tokens.ts'

/** A value for the Authorization header, and where it comes from. */
export type Authorization =
  | { readonly kind: 'basic'; readonly header: string }
  | {
      readonly kind: 'bearer'
      readonly header: string
      readonly key: string
      readonly token: string
      readonly fresh: boolean
    }

/** Knows how one upstream wants to be asked, and learns it from its challenges. */
export interface Authenticator {
  /** What to send before any challenge: what worked for this repository, or undefined. */
  ready(repository: string | undefined, signal: AbortSignal): Promise<Authorization | undefined>
  /** What to send after a 401, or undefined when there is nothing better than what was `tried`. */
  answer(refused: Refused, signal: AbortSignal): Promise<Authorization | undefined>
}

export interface Refused {
  /** WWW-Authenticate. */
  readonly challenge: string | undefined
  readonly repository: string | undefined
  readonly tried: Authorization | undefined
}

export interface AuthenticatorOptions {
  readonly settings: UpstreamSettings
  readonly tokens: Tokens
  readonly service: TokenService
  /** Basic credentials of the upstream, as an Authorization header. */
  readonly login: string | undefined
}

const MOST_REMEMBERED = 4096

export function createAuthenticator({
  settings,
  tokens,
  service,
  login,
}: AuthenticatorOptions): Authenticator {
  const asks = new Map<string, TokenAsk>()
  let wantsBasic = false

  async function ready(
    repository: string | undefined,
    signal: AbortSignal,
  ): Promise<Authorization | undefined> {
    if (wantsBasic && login !== undefined) return { kind: 'basic', header: login }
    const ask = asks.get(repository ?? '')
    return ask === undefined ? undefined : await bearer(ask, signal)
  }

  async function answer(refused: Refused, signal: AbortSignal): Promise<Authorization | undefined> {
    const { tried, repository } = refused
    const challenges = parseChallenges(refused.challenge)
    const offered = challenges.find(({ scheme }) => scheme === 'bearer')
    const basic = challenges.some(({ scheme }) => scheme === 'basic')
    if (tried?.kind === 'bearer') tokens.drop(tried.key, tried.token)
    if (offered !== undefined && !(basic && login !== undefined && !isTrusted(offered))) {
      const ask = tokenAsk(trustedRealm(offered.params.get('realm'), settings), offered, repository)
      if (tried?.kind === 'bearer' && tried.fresh && tried.key === ask.url.href) return undefined
      remember(repository ?? '', ask)
      return await bearer(ask, signal)
    }
    if (!basic || login === undefined || tried?.kind === 'basic') return undefined
    wantsBasic = true
    return { kind: 'basic', header: login }
  }

  function isTrusted(challenge: Challenge): boolean {
    try {
      trustedRealm(challenge.params.get('realm'), settings)
      return true
    } catch {
      return false
    }
  }

  async function bearer(ask: TokenAsk, signal: AbortSignal): Promise<Authorization> {
    const key = ask.url.href
    const held = await tokens.get(key, (inner) => service.fetch(ask, inner), signal)
    return { kind: 'bearer', header: `Bearer ${held.value}`, key, token: held.value, fresh: held.fresh }
  }

  function remember(repository: string, ask: TokenAsk): void {
    asks.delete(repository)
    asks.set(repository, ask)
    const oldest = asks.keys().next()
    if (asks.size > MOST_REMEMBERED && oldest.done !== true) asks.delete(oldest.value)
  }

  return { ready, answer }
}
