import { type Clock, SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'
import type { Fault } from './failure.ts'
import type { Health } from './origin.ts'

const FIRST_REST = SECOND
const LONGEST_REST = 15 * SECOND
const FAST_FAULTS = 3
const FAST_FAULTS_WITHIN = 10 * SECOND
const PATIENCE_LEAST = 250
/** Also for an upstream that nothing is known of. */
export const PATIENCE_MOST = 800

/** One call's place in the breaker; it has to end with `failed` or `leave`. */
export interface Pass {
  /** Some status came back, after `took` ms. Once for every answer. */
  answered(took: number): void
  failed(fault: Fault, said: string | undefined): void
  /** Neither way: everything is said, or the caller went away. */
  leave(): void
}

/** Breaker of one host that we depend on. */
export interface Breaker {
  /** Throws upstream_unreachable with Retry-After while it rests. `patient` callers have nothing else to serve. */
  enter(patient: boolean): Pass
  state(): Health
  /** Milliseconds a revalidation should wait for headers. */
  patience(): number
}

interface Rest {
  readonly since: number
  readonly ms: number
  /** Only our own impatience is behind it: the host may be slow rather than gone. */
  readonly mild: boolean
  readonly said: string | undefined
}

/**
 * Opens at once after a timeout and after three fast faults within ten seconds, rests for one second, doubling
 * up to fifteen while probes fail, then lets one request through as a probe. Any status closes it.
 *
 * A timeout that a caller shortened (`headersWithin`) stops only callers that can do without an answer: an
 * upstream slower than our patience must still be able to answer those who wait.
 */
export function createBreaker(name: string, clock: Clock): Breaker {
  let rest: Rest | undefined
  let probe: Pass | undefined
  let faults: number[] = []
  let latency: number | undefined

  function restLeft(): number {
    if (rest === undefined) return 0
    const waited = clock() - rest.since
    // A clock that was set back must not keep it open.
    return waited < 0 ? 0 : rest.ms - waited
  }

  function state(): Health {
    if (rest === undefined) return 'closed'
    return restLeft() > 0 || probe !== undefined ? 'open' : 'due'
  }

  function enter(patient: boolean): Pass {
    const pass = newPass()
    if (rest === undefined || (rest.mild && patient)) return pass
    if (restLeft() > 0 || probe !== undefined) throw refusal(rest)
    probe = pass
    return pass
  }

  function refusal({ said }: Rest): AppError {
    return new AppError('upstream_unreachable', {
      detail: { upstream: name, said: `not asked again yet${said === undefined ? '' : `: ${said}`}` },
      retryAfter: Math.max(1, Math.ceil(restLeft() / SECOND)),
    })
  }

  function open(wasProbe: boolean, mild: boolean, said: string | undefined): void {
    // Requests that were under way when it opened say nothing new.
    if (rest !== undefined && !wasProbe && (mild || !rest.mild)) return
    const ms = rest === undefined ? FIRST_REST : wasProbe ? Math.min(rest.ms * 2, LONGEST_REST) : rest.ms
    rest = { since: clock(), ms, mild, said }
    faults = []
  }

  function newPass(): Pass {
    const pass: Pass = {
      answered(took) {
        endProbe()
        rest = undefined
        faults = []
        latency = latency === undefined ? took : latency * 0.7 + took * 0.3
      },
      failed(fault, said) {
        const wasProbe = endProbe()
        if (fault === 'none' || (fault === 'fast' && !wasProbe && !tooMany())) return
        open(wasProbe, fault === 'impatient', said)
      },
      leave: () => void endProbe(),
    }

    function endProbe(): boolean {
      const wasProbe = probe === pass
      if (wasProbe) probe = undefined
      return wasProbe
    }

    return pass
  }

  function tooMany(): boolean {
    const now = clock()
    faults = [...faults.filter((at) => Math.abs(now - at) <= FAST_FAULTS_WITHIN), now]
    return faults.length >= FAST_FAULTS
  }

  function patience(): number {
    if (latency === undefined) return PATIENCE_MOST
    return Math.round(Math.min(PATIENCE_MOST, Math.max(PATIENCE_LEAST, latency * 3 + 150)))
  }

  return { enter, state, patience }
}
