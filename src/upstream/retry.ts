import { setTimeout as sleep } from 'node:timers/promises'
import { ExchangeError, type RawAnswer } from './exchange.ts'
import { isBroken } from './failure.ts'
import { discard } from './read-all.ts'

/** How often one call may still repeat itself, whatever host it talks to. */
export interface Tries {
  /** After a pause. */
  left: number
  /** At once, for kept-alive connections that had died of age. */
  stale: number
}

export function newTries(repeat = true): Tries {
  return { left: repeat ? 2 : 0, stale: 8 }
}

const REPEATED: ReadonlySet<number> = new Set([500, 502, 503, 504])
const PAUSE_FROM = 100
const PAUSE_SPAN = 300

/**
 * Repeats a GET or HEAD that broke before its answer or was answered with a passing 5xx: after 100 to 400 ms,
 * as long as `tries` allows. Timeouts, refusals and every 4xx are final.
 */
export async function withRetry(
  attempt: () => Promise<RawAnswer>,
  tries: Tries,
  options: {
    readonly signal: AbortSignal
    readonly random: () => number
    /** Told before each pause what went wrong. */
    readonly pausing?: (how: string) => void
  },
): Promise<RawAnswer> {
  for (;;) {
    let how = 'hung up'
    try {
      const answer = await attempt()
      if (!REPEATED.has(answer.status) || tries.left === 0) return answer
      discard(answer.body)
      how = `answered ${answer.status}`
    } catch (error) {
      if (!isBroken(error) || options.signal.aborted) throw error
      if (error instanceof ExchangeError && error.reused && tries.stale > 0) {
        tries.stale--
        continue
      }
      if (tries.left === 0) throw error
    }
    tries.left--
    options.pausing?.(how)
    await pause(PAUSE_FROM + options.random() * PAUSE_SPAN, options.signal)
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    // The reason tells more than the AbortError around it.
    signal.throwIfAborted()
    throw error
  }
}
