import type { Authorization } from './bearer.ts'
import type { Budget } from './budget.ts'
import { exchange, type RawAnswer } from './exchange.ts'
import { explainFailure, type Fault, faultOf } from './failure.ts'
import type { Pass } from './health.ts'
import type { OriginOptions, OriginRequest } from './origin.ts'
import { metered } from './record.ts'
import { type Tries, withRetry } from './retry.ts'
import type { Surroundings, Upstream } from './upstream.ts'

export interface CallAsk {
  readonly method: 'GET' | 'HEAD'
  readonly request: OriginRequest
  readonly options: OriginOptions
}

/** One call from its first request to the headers that are passed on. */
export interface Call extends CallAsk {
  readonly upstream: Upstream
  readonly surroundings: Surroundings
  readonly start: URL
  readonly headers: Readonly<Record<string, string>>
  readonly budget: Budget
  readonly pass: Pass
  readonly tries: Tries
  /** How the upstream's own host failed us last; 'none' after it answered. */
  fault: Fault
  /** Redirects followed since the upstream itself was asked. */
  hops: number
  /** What the redirects on the way here said; kept for upstreams of files only. */
  passed: Readonly<Record<string, string>>[]
  /** What the last request carried that may not be quoted: token, signed query. */
  carried: readonly string[]
}

/** One request of a call: to the upstream itself, or where a redirect leads. */
export interface Hop {
  readonly url: URL
  readonly isOwn: boolean
  /** The upstream told this origin itself. */
  readonly isTold?: boolean
  readonly authorization?: Authorization | undefined
}

/** Sends it, again where that can help. Rejects with what `exchange` does. */
export function send(call: Call, hop: Hop): Promise<RawAnswer> {
  const { random } = call.surroundings
  const { signal } = call.budget
  const pausing = (how: string): void => {
    if (hop.isOwn) for (const tell of call.upstream.onlookers) tell(how)
  }
  return withRetry(() => sendOnce(call, hop), call.tries, { signal, random, pausing })
}

async function sendOnce(call: Call, { url, isOwn, isTold = isOwn, authorization }: Hop): Promise<RawAnswer> {
  const { upstream, surroundings, method, budget } = call
  const { name } = upstream.settings
  const outer = call.options.signal
  // Whoever is redirected elsewhere asks for something else.
  const text = isOwn && method === 'GET' ? call.request.form?.text : undefined
  const { host, pathname: path } = url
  call.carried = [...carriedBy(url, authorization), ...Object.values(call.request.own ?? {}).filter(isLong)]
  try {
    const answer = await metered(surroundings.meter, { upstream: name, method, host, path }, () =>
      exchange(upstream.connections, {
        method: text === undefined ? method : 'POST',
        url,
        text,
        headers: {
          ...call.headers,
          ...(isTold ? call.request.own : {}),
          ...(authorization === undefined ? {} : { authorization: authorization.header }),
        },
        signal: budget.signal,
        bodyBuffer: surroundings.limits.bodyBuffer,
        explain: (error) => (outer?.aborted === true ? outer.reason : explainFailure(error, name)),
      }),
    )
    const took = Math.round(answer.took)
    surroundings.log.debug({ upstream: name, method, host, path, status: answer.status, took })
    if (isOwn) {
      call.pass.answered(answer.took)
      upstream.record.answered(answer.took)
      call.fault = 'none'
      upstream.rates.see(answer.headers)
    }
    return answer
  } catch (error) {
    if (isOwn) call.fault = faultOf(error)
    throw error
  }
}

function isLong({ length }: string): boolean {
  return length >= 8
}

function carriedBy(url: URL, authorization: Authorization | undefined): string[] {
  const signatures = [...url.searchParams.values()].filter(isLong)
  return authorization?.kind === 'bearer' ? [authorization.token, ...signatures] : signatures
}
