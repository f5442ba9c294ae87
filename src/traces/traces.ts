import { AsyncLocalStorage } from 'node:async_hooks'
import type { Asking, AskingEnd } from '../domain/asking.ts'
import type { Log } from '../domain/log.ts'
import type { OpenSpan, Recorder } from './recorder.ts'
import { answerOf, endOf, type Request } from './words.ts'

export interface TraceSettings {
  /** Undefined: no traces are made. */
  readonly endpoint: string | undefined
  /** Of all requests, 0 to 1. */
  readonly sample: number
}

/**
 * A trace for each request, with what was asked of upstreams for it. Where several wait for one download, that belongs to
 * the first of them. Nothing of it is loaded before there is an endpoint, and while there is none every question here
 * costs one comparison.
 */
export interface Traces {
  /** Runs the work of one request; what it leads to belongs to it. */
  follow(work: () => void): void
  /** What the request is; its answer is told to what comes back, with the milliseconds that it took. */
  begin(request: Request): ((ms: number) => void) | undefined
  /** Something is asked of an upstream; undefined where no request of a client is the reason. */
  asking(asked: Asking): ((end: AskingEnd) => void) | undefined
  /** Takes other settings into use; never rejects. */
  update(settings: TraceSettings): Promise<void>
  /** Sends what is left, within seconds; never rejects. */
  close(): Promise<void>
}

/** Of the request that is being worked on. */
interface Scope {
  span?: OpenSpan
}

export function createTraces({ version, log }: { readonly version: string; readonly log: Log }): Traces {
  const scopes = new AsyncLocalStorage<Scope>()
  let recorder: Recorder | undefined
  let inUse: TraceSettings = { endpoint: undefined, sample: 1 }
  let turn = Promise.resolve()

  const apply = async (settings: TraceSettings): Promise<void> => {
    const { endpoint, sample } = settings
    if (endpoint === inUse.endpoint && sample === inUse.sample) return
    inUse = settings
    const old = recorder
    recorder = undefined
    try {
      if (endpoint !== undefined) recorder = await openRecorder({ endpoint, sample, version, log })
    } catch (error) {
      log.error({ event: 'traces', err: error }, 'traces cannot be made')
    }
    await old?.close()
  }
  const update = (settings: TraceSettings): Promise<void> => (turn = turn.then(() => apply(settings)))
  return {
    follow: (work) => {
      if (recorder === undefined) work()
      else scopes.run({}, work)
    },
    begin: (request) => {
      const scope = recorder === undefined ? undefined : scopes.getStore()
      const span = scope && recorder?.begin(request.req.headers)
      if (scope === undefined || span === undefined) return undefined
      scope.span = span
      return () => span.end(answerOf(request))
    },
    asking: (asked) => {
      const parent = recorder === undefined ? undefined : scopes.getStore()?.span
      const span = parent && recorder?.below(parent)
      return span && ((end) => span.end(endOf(asked, end)))
    },
    update,
    close: () => update({ endpoint: undefined, sample: 1 }),
  }
}

/** The libraries are large: they are loaded when somebody wants traces. */
async function openRecorder(settings: {
  endpoint: string
  sample: number
  version: string
  log: Log
}): Promise<Recorder> {
  const { createRecorder } = await import('./recorder.ts')
  return createRecorder(settings)
}
