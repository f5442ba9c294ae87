import { SECOND } from '../domain/clock.ts'
import { AppError } from '../domain/errors.ts'

/**
 * Bodies per upstream that are read at the pace of a client. Half of the connections an upstream may have, so that
 * nothing else ever waits for a client that takes its time.
 */
const MOST = 64
/** A client that waits longer for its first byte gives up itself soon. */
const WITHIN = 20 * SECOND

/** The right to read one body at a client's pace. */
export interface Turn {
  /** Settles when it has come. Rejects with the reason of the signal. */
  ready(signal: AbortSignal): Promise<void>
  /** Gives it back, or leaves the line; safe more than once. */
  end(): void
}

export interface Turns {
  /** A turn that has come already; undefined when others wait for theirs. */
  now(upstream: string): Turn | undefined
  /** The end of the line. */
  inLine(upstream: string): Turn
}

interface Line {
  taken: number
  readonly waiting: Set<() => void>
}

/** Lets so many bodies of each upstream at once be read by clients, first come, first served. */
export function createTurns(most = MOST): Turns {
  const lines = new Map<string, Line>()
  const lineOf = (upstream: string): Line => {
    const line = lines.get(upstream) ?? { taken: 0, waiting: new Set() }
    lines.set(upstream, line)
    return line
  }
  return {
    now: (upstream) => {
      const line = lineOf(upstream)
      return line.taken < most ? createTurn(line, true) : undefined
    },
    inLine: (upstream) => {
      const line = lineOf(upstream)
      return createTurn(line, line.taken < most)
    },
  }
}

function createTurn(line: Line, isFree: boolean): Turn {
  const come = Promise.withResolvers<void>()
  let state: 'waiting' | 'here' | 'over' = 'waiting'
  const take = (): void => {
    line.waiting.delete(take)
    line.taken++
    state = 'here'
    come.resolve()
  }
  if (isFree) take()
  else line.waiting.add(take)
  return {
    ready: async (signal) => {
      if (state !== 'here') await Promise.race([come.promise, aborted(signal)])
    },
    end: () => {
      const was = state
      state = 'over'
      line.waiting.delete(take)
      if (was !== 'here') return
      line.taken--
      const [next] = line.waiting
      next?.()
    },
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(signal.reason)
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

/** A turn for a client that has heard nothing yet. Throws AppError `upstream_timeout` when it takes too long. */
export async function takeTurn(turns: Turns, upstream: string): Promise<Turn> {
  const turn = turns.inLine(upstream)
  const timer = AbortSignal.timeout(WITHIN)
  try {
    await turn.ready(timer)
    return turn
  } catch (error) {
    turn.end()
    if (error !== timer.reason) throw error
    const message = 'too many slow clients are being served straight from the upstream'
    throw new AppError('upstream_timeout', { message, detail: { upstream }, cause: error })
  }
}
