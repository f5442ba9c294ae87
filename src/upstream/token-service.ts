import { type Clock, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import { MIB } from '../domain/units.ts'
import type { AddressGuard } from './address-guard.ts'
import { createBudget } from './budget.ts'
import { exchange, type RawAnswer } from './exchange.ts'
import { explainFailure, type Fault, faultOf } from './failure.ts'
import { tokenHeaders } from './headers.ts'
import { type Breaker, createBreaker } from './health.ts'
import type { Connections } from './pools.ts'
import { readAll } from './read-all.ts'
import { type Meter, metered } from './record.ts'
import { refusalOf } from './refusal.ts'
import { newTries, withRetry } from './retry.ts'
import type { ClientLimits, UpstreamSettings } from './settings.ts'
import type { TokenAsk } from './token-ask.ts'
import type { Token } from './tokens.ts'

const LONGEST_ANSWER = MIB
const DEFAULT_LIFETIME = 60 * SECOND
const LONGEST_LIFETIME = 24 * 3600 * SECOND
const HOLD = 30 * SECOND

export interface TokenServiceOptions {
  readonly settings: UpstreamSettings
  readonly limits: ClientLimits
  readonly connections: Connections
  readonly guard: AddressGuard
  readonly clock: Clock
  readonly random: () => number
  /** Basic credentials of the upstream, as an Authorization header. */
  readonly login: string | undefined
  readonly secrets: readonly string[]
  readonly meter: Meter
}

/** Asks the token services of one upstream, anonymously or with its credentials. */
export interface TokenService {
  /**
   * A new token. Rejects with AppError `upstream_*`; after the service refused our credentials the same
   * question fails at once for 30 s, so that a wrong password does not lock the account.
   */
  fetch(ask: TokenAsk, signal: AbortSignal): Promise<Token>
}

export function createTokenService(options: TokenServiceOptions): TokenService {
  const { settings, clock, guard } = options
  const breakers = new Map<string, Breaker>()
  const refused = new Map<string, { readonly error: AppError; readonly at: number }>()

  function breakerOf(origin: string): Breaker {
    const known = breakers.get(origin) ?? createBreaker(settings.name, clock)
    breakers.set(origin, known)
    return known
  }

  function checkHold(key: string): void {
    const hold = refused.get(key)
    if (hold === undefined) return
    const left = hold.at + HOLD - clock()
    if (left > 0 && left <= HOLD) {
      throw new AppError('upstream_denied', {
        detail: hold.error.detail,
        retryAfter: Math.ceil(left / SECOND),
      })
    }
    refused.delete(key)
  }

  async function fetch(ask: TokenAsk, signal: AbortSignal): Promise<Token> {
    checkHold(ask.url.href)
    guard.checkUrl(ask.url)
    const answer = await sendToken(ask, signal, options, breakerOf(ask.url.origin))
    if (answer.status === 200) return parseToken(await readToken(answer, settings.name), settings.name)
    const error = await refusalOf(answer, { upstream: settings.name, clock, secrets: options.secrets })
    if (error.code === 'upstream_denied' && options.login !== undefined) {
      if (refused.size > 1000) refused.clear()
      refused.set(ask.url.href, { error, at: clock() })
    }
    throw error
  }

  return { fetch }
}

async function readToken(answer: RawAnswer, upstream: string): Promise<Buffer> {
  try {
    return await readAll(answer.body, LONGEST_ANSWER)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'too_large') throw error
    throw new AppError('upstream_invalid', { detail: { upstream, said: 'sent a token that is too long' } })
  }
}

async function sendToken(
  ask: TokenAsk,
  signal: AbortSignal,
  options: TokenServiceOptions,
  breaker: Breaker,
): Promise<RawAnswer> {
  const { limits, connections, settings } = options
  const pass = breaker.enter(true)
  const budget = createBudget({ ms: limits.headersMs, impatient: false, outer: signal })
  const explain = (error: unknown) => explainFailure(error, settings.name)
  const { host, pathname: path } = ask.url
  try {
    const answer = await withRetry(
      () =>
        metered(options.meter, { upstream: settings.name, method: 'GET', host, path }, () =>
          exchange(connections, {
            method: 'GET',
            url: ask.url,
            headers: tokenHeaders(options.login),
            signal: budget.signal,
            bodyBuffer: limits.bodyBuffer,
            explain,
          }),
        ),
      newTries(),
      { signal: budget.signal, random: options.random },
    )
    pass.answered(answer.took)
    // The clock goes on: the little that is in the body belongs to the same time.
    answer.body.once('close', budget.release)
    return answer
  } catch (error) {
    budget.release()
    pass.failed(
      signal.aborted ? faultOfLeaving(signal.reason) : faultOf(error),
      `token service ${ask.url.host}`,
    )
    throw signal.aborted ? signal.reason : explain(error)
  } finally {
    pass.leave()
  }
}

/** Everybody who waited ran out of time: that is a fault, impatience and changes of mind are not. */
function faultOfLeaving(reason: unknown): Fault {
  return faultOf(reason) === 'timeout' ? 'timeout' : 'none'
}

/** `token` or `access_token`, with `expires_in` seconds or the 60 the specification supposes. */
function parseToken(body: Buffer, upstream: string): Token {
  const invalid = (said: string) =>
    new AppError('upstream_invalid', { detail: { upstream, said: `token service: ${said}` } })
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch {
    throw invalid('its answer is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null) throw invalid('its answer is not an object')
  // Every field is checked before it is used.
  const { token, access_token, expires_in } = parsed as Record<string, unknown>
  const value = [token, access_token].find((text) => typeof text === 'string' && text !== '')
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) throw invalid('no token in its answer')
  const seconds = Number(expires_in)
  const known = expires_in !== null && expires_in !== undefined && Number.isFinite(seconds) && seconds > 0
  return { value, lifetime: known ? Math.min(seconds * SECOND, LONGEST_LIFETIME) : DEFAULT_LIFETIME }
}
