import { AppError } from '../domain/errors.ts'
import { createBudget } from './budget.ts'
import type { RawAnswer } from './exchange.ts'
import { DeadlineError, explainFailure, faultOf } from './failure.ts'
import { headOf, passedOn, requestHeaders } from './headers.ts'
import { type Call, type CallAsk, send } from './hop.ts'
import type { OriginHead, OriginRequest } from './origin.ts'
import { discard } from './read-all.ts'
import { isRedirect, mayLeadTo, nextHop } from './redirect.ts'
import { refusalOf } from './refusal.ts'
import { newTries } from './retry.ts'
import type { Surroundings, Upstream } from './upstream.ts'

export interface CallAnswer {
  readonly head: OriginHead
  readonly answer: RawAnswer
}

const PASSED_ON: ReadonlySet<number> = new Set([200, 206, 304, 416])
/** A redirect's target that says so may only mean that its signature is too old. */
const MAY_BE_STALE: ReadonlySet<number> = new Set([401, 403, 404, 410])

/** Runs one call. Rejects with AppError, or with the reason of the caller's signal. */
export async function runCall(
  upstream: Upstream,
  ask: CallAsk,
  surroundings: Surroundings,
): Promise<CallAnswer> {
  const { settings } = upstream
  const { signal: outer, headersWithin } = ask.options
  outer?.throwIfAborted()
  upstream.rates.check(ask.request.path)
  const pass = upstream.breaker.enter(headersWithin === undefined)
  const leave = upstream.enter()
  const { headersMs } = surroundings.limits
  const impatient = headersWithin !== undefined && headersWithin < headersMs
  const budget = createBudget({ ms: impatient ? headersWithin : headersMs, impatient, outer })
  const call: Call = {
    ...ask,
    upstream,
    surroundings,
    start: startOf(settings.url, ask.request.path),
    headers: requestHeaders(ask.request, ask.options),
    budget,
    pass,
    tries: newTries(ask.options.repeat),
    fault: 'none',
    hops: 0,
    passed: [],
    carried: [],
  }
  try {
    const answer = await finish(call, await reach(call))
    upstream.record.succeeded()
    return answer
  } catch (error) {
    budget.release()
    if (outer?.aborted === true) throw outer.reason
    const explained = explainFailure(error, settings.name)
    const said = explained instanceof AppError ? explained.detail.said : undefined
    pass.failed(call.fault, said)
    // That we could not wait is no failure of whoever is slow.
    if (call.fault !== 'impatient') upstream.record.failed(explained)
    if (explained instanceof AppError && explained.code === 'upstream_invalid') {
      surroundings.log.warn({ upstream: settings.name, said }, 'an upstream was not trusted')
    }
    throw explained
  } finally {
    pass.leave()
    leave()
  }
}

function startOf(base: string, path: string): URL {
  const { origin, pathname } = new URL(base)
  return new URL(`${origin}${pathname.replace(/\/+$/, '')}${path}`)
}

async function finish(call: Call, answer: RawAnswer): Promise<CallAnswer> {
  const { upstream, budget, method } = call
  const { name, kind } = upstream.settings
  if (!isPassedOn(call, answer)) {
    const { clock } = call.surroundings
    const error = await refusalOf(answer, {
      upstream: name,
      kind,
      clock,
      secrets: [...upstream.secrets, ...call.carried],
    })
    if (error.code === 'upstream_rate_limited' && call.hops === 0) upstream.rates.refuse(error)
    throw error
  }
  try {
    const head = headOf(answer, name, call.options)
    budget.stopClock()
    answer.body.once('close', budget.release)
    if (method === 'HEAD') answer.body.destroy()
    return { head: kind === 'files' ? { ...head, hops: call.passed } : head, answer }
  } catch (error) {
    answer.body.destroy()
    throw error
  }
}

/** A redirect is an answer where it was not to be followed. */
function isPassedOn({ request }: Call, { status }: RawAnswer): boolean {
  // Of those that are followed none comes this far.
  return PASSED_ON.has(status) || (request.follow !== undefined && isRedirect(status))
}

/** Follows the chain; when it breaks behind a redirect, the upstream is asked for a new one, once. */
async function reach(call: Call): Promise<RawAnswer> {
  try {
    const answer = await followChain(call)
    if (call.hops === 0 || !(MAY_BE_STALE.has(answer.status) || answer.status >= 500)) return answer
    discard(answer.body)
  } catch (error) {
    const isNetwork = faultOf(error) === 'fast' || faultOf(error) === 'timeout'
    if (call.hops === 0 || !isNetwork || call.budget.signal.aborted) throw error
  }
  return await followChain(call)
}

async function followChain(call: Call): Promise<RawAnswer> {
  const { settings, guard } = call.upstream
  const { at } = call.request
  const visited = new Set([call.start.href])
  let url = at === undefined ? call.start : hopFrom(call, call.start, { location: at, visited })
  let isOwn = at === undefined
  const { origin } = url
  call.hops = 0
  call.passed = []
  for (;;) {
    guard.checkUrl(url)
    const answer = isOwn
      ? await askOwn(call, url)
      : await send(call, { url, isOwn, isTold: at !== undefined && url.origin === origin })
    const location = answer.headers.location
    if (!isRedirect(answer.status) || !isFollowed(call.request, url, location)) return answer
    discard(answer.body)
    const next = hopFrom(call, url, { location, visited })
    if (call.request.mayFollow?.(next) === false) throw moved(next, settings.name)
    if (settings.kind === 'files') call.passed.push(passedOn(answer.headers))
    // Once away, always away: whoever redirects back gets no credentials for it.
    isOwn &&= next.origin === url.origin
    url = next
    visited.add(url.href)
    call.hops++
  }
}

/** Throws AppError where it may not lead. */
function hopFrom(
  { start, upstream: { settings } }: Call,
  from: URL,
  { location, visited }: { readonly location: string | undefined; readonly visited: ReadonlySet<string> },
): URL {
  const next = nextHop(from, location, visited, settings.name)
  if (mayLeadTo(next, start, settings.redirectHosts)) return next
  throw strayed(next, settings.name)
}

function isFollowed({ follow = true }: OriginRequest, url: URL, location: string | undefined): boolean {
  if (follow !== 'home') return follow
  return location !== undefined && URL.parse(location, url)?.origin === url.origin
}

function strayed(to: URL, upstream: string): AppError {
  const said = `redirect refused: ${to.host} is none of the hosts it may lead to`
  return new AppError('upstream_invalid', { detail: { upstream, said } })
}

/** What is asked for is somewhere else, and whoever asked decides whether it is wanted from there. */
function moved(to: URL, upstream: string): AppError {
  return new AppError('not_found', { detail: { upstream, movedTo: `${to.origin}${to.pathname}` } })
}

/** Asks the upstream itself and answers its challenges: at most a known, a remembered and a new token. */
async function askOwn(call: Call, url: URL): Promise<RawAnswer> {
  const { authenticator, settings, fixed } = call.upstream
  const { repository } = call.request
  if (settings.kind === 'files') {
    return await send(call, {
      url,
      isOwn: true,
      authorization: call.request.withToken === true ? fixed : undefined,
    })
  }
  const { signal } = call.budget
  let tried = await timed(call, authenticator.ready(repository, signal))
  for (let round = 1; ; round++) {
    const answer = await send(call, { url, isOwn: true, authorization: tried })
    if (answer.status !== 401 || round === 3) return answer
    const challenge = answer.headers['www-authenticate']
    const asked = authenticator.answer({ challenge, repository, tried }, signal)
    const next = await timed(call, asked).catch((error: unknown) => {
      discard(answer.body)
      throw error
    })
    if (next === undefined) return answer
    discard(answer.body)
    tried = next
  }
}

/** Time that ran out at the token service is missing here all the same. */
async function timed<T>(call: Call, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof DeadlineError) call.fault = faultOf(error)
    throw error
  }
}
