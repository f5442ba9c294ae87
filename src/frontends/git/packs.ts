import { type Clock, SECOND } from '../../domain/clock.ts'
import { AppError } from '../../domain/errors.ts'
import type { Outcome } from '../../domain/names.ts'
import type { Git } from '../../git/git.ts'
import type { Mirror } from '../../git/mirror.ts'
import type { Source } from '../../git/source.ts'
import type { Exchange } from '../front-end.ts'
import { type Entered, mayStore } from './entering.ts'
import { headersFor } from './headers.ts'
import { sendBody, sendRun } from './stream.ts'

export interface PackAsk {
  readonly body: Buffer
  readonly version: 0 | 2
  readonly wants: readonly string[]
}

/** Sends objects: from the mirror where it has them, from the upstream where it cannot have them in time. */
export type PackServing = (entered: Entered, ask: PackAsk, exchange: Exchange) => Promise<void>

/** How long a client waits for a mirror, from the begin of what fetches it. */
const WAIT = 30 * SECOND

export function createPackServing(deps: { git: Git; clock: Clock; wait?: number }): PackServing {
  const { git, clock, wait = WAIT } = deps
  const { mirrors, packs, remote } = git

  const fromMirror = async (mirror: Mirror, ask: PackAsk, { exchange, came }: Sending): Promise<boolean> => {
    const leave = await packs.take().catch((error: unknown): undefined => {
      // Nobody is refused for others being slow where its server can give it.
      if (came.outcome === 'stale') throw error
    })
    if (leave === undefined) return false
    try {
      const run = mirror.uploadPack({ protocol: protocolOf(ask), advertise: false })
      await mirror.note({ usedAt: clock() })
      const headers = headersFor(exchange, 'result', came)
      if (await sendRun(exchange, run, { headers, input: ask.body })) return true
      mirrors.suspect(mirror.state.name)
      return false
    } catch (error) {
      mirrors.suspect(mirror.state.name)
      throw error
    } finally {
      leave()
    }
  }

  const past = async (source: Source, ask: PackAsk, exchange: Exchange): Promise<void> => {
    if (exchange.res.destroyed) return
    const gone = new AbortController()
    const leave = (): void => gone.abort(new Error('the client left'))
    exchange.res.once('close', leave)
    try {
      const { body } = ask
      const answer = await remote.uploadPack(source, { body, protocol: protocolOf(ask), signal: gone.signal })
      await sendBody(exchange, answer, headersFor(exchange, 'result', { outcome: 'bypass' }))
    } catch (error) {
      if (!gone.signal.aborted) throw error
    } finally {
      exchange.res.off('close', leave)
    }
  }

  /** The mirror with everything that is wanted, as soon as it has it; undefined where that takes too long. */
  const brought = async (source: Source, wants: readonly string[]): Promise<Brought | undefined> => {
    const started = await mirrors.refresh(source)
    if (started === undefined) return undefined
    const { flight, joined } = started
    const mirror = await within(flight.done, flight.startedAt + wait - clock())
    if (mirror === undefined) return undefined
    const outcome = joined ? 'joined' : 'miss'
    const lacking = await mirror.missing(wants)
    if (lacking.length === 0) return { mirror, outcome }
    await within(mirrors.fetchObjects(source, lacking), wait)
    return (await mirror.missing(lacking)).length === 0 ? { mirror, outcome } : undefined
  }

  return async (entered, ask, exchange) => {
    const { source } = entered
    const isLong = ask.wants.some((oid) => oid.length !== 40)
    const mirror = isLong ? undefined : await mirrors.find(source.name)
    const isHere = mirror !== undefined && (await mirror.missing(ask.wants)).length === 0
    if (entered.kind === 'stale') {
      const came = { outcome: 'stale', warning: entered.warning } as const
      if (isHere && (await fromMirror(mirror, ask, { exchange, came }))) return
      throw new AppError('upstream_unreachable', {
        detail: { upstream: source.upstream, said: entered.warning },
      })
    }
    if (isHere && (await fromMirror(mirror, ask, { exchange, came: { outcome: 'hit' } }))) return
    if (!isHere && !isLong && mayStore(exchange, source.name)) {
      const found = await brought(source, ask.wants)
      if (found !== undefined && (await fromMirror(found.mirror, ask, { exchange, came: found }))) return
    }
    await past(source, ask, exchange)
  }
}

interface Brought {
  readonly mirror: Mirror
  readonly outcome: Outcome
}

interface Sending {
  readonly exchange: Exchange
  readonly came: { readonly outcome: Outcome; readonly warning?: string }
}

function protocolOf({ version }: PackAsk): string | undefined {
  return version === 2 ? 'version=2' : undefined
}

/** Undefined where it takes longer than `ms`. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, Math.max(0, ms), undefined)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
