import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Answer, Ask } from './fake-answer.ts'
import type { Fault, FaultPicker } from './fake-faults.ts'
import { connectionNumber } from './fake-listener.ts'
import { distortAnswer, misreadAsk } from './fake-misdeed.ts'
import { pause } from './fake-pace.ts'
import type { RegistryPath } from './fake-path.ts'
import { once, type Sending, sendAnswer } from './fake-send.ts'
import type { RequestRecord, RequestRecorder, Role } from './request-log.ts'

/** What the log says about a request beside its line. */
export interface Label extends RegistryPath {
  readonly role: Role
}

/** What one listener is asked and what it says. */
export interface Service {
  label(ask: Ask): Label
  answer(ask: Ask, label: Label, fault: Fault): Answer
}

/** What holds for every answer while it lasts. */
export interface Conditions {
  /** Bytes per second of one connection; undefined is no limit. */
  bandwidth: number | undefined
  /** Milliseconds added before the head of every answer. */
  latency: number
}

/** Lets a test change the conditions of a fake on the fake itself. */
export function withConditions<Fake extends Conditions>(
  fake: Omit<Fake, keyof Conditions>,
  conditions: Conditions,
): Fake {
  const live = (name: keyof Conditions): PropertyDescriptor => ({
    enumerable: true,
    get: () => conditions[name],
    set: (value: number) => {
      conditions[name] = value
    },
  })
  // What was lacking is defined here.
  return Object.defineProperties(fake, { bandwidth: live('bandwidth'), latency: live('latency') }) as Fake
}

export interface ExchangeParts {
  readonly requests: RequestRecorder
  readonly faults: FaultPicker
  readonly conditions: Conditions
  /** A wait until the fake is not frozen; undefined when it is not. */
  readonly frozen: () => Promise<void> | undefined
}

/** Logs a request, lets a fault happen, asks the service, sends. */
export function createExchange(parts: ExchangeParts, service: Service): RequestListener {
  return (req, res) => {
    handle(parts, service, { req, res }).catch((error: unknown) => {
      // A mistake of the fake must not look like a fault that was asked for.
      process.exitCode = 1
      console.error('the fake upstream broke:', error)
      res.destroy()
    })
  }
}

async function handle(
  parts: ExchangeParts,
  service: Service,
  { req, res }: { req: IncomingMessage; res: ServerResponse },
): Promise<void> {
  const gone = new AbortController()
  const ask = readAsk(req)
  const label = service.label(ask)
  const record = createRecord(req, label)
  res.once('finish', () => {
    record.finished = true
  })
  res.once('close', () => {
    record.closed = true
    parts.requests.changed()
    gone.abort()
  })
  parts.requests.add(record)
  req.resume()
  const fault = parts.faults.pick(record)
  await leaving(parts.frozen(), gone.signal)
  await pause(parts.conditions.latency + (fault.latencyMs ?? 0), gone.signal)
  if (gone.signal.aborted || fault.hang === 'headers') return
  if (fault.close) {
    res.socket?.destroySoon()
    return
  }
  const real = service.answer(misreadAsk(ask, fault), label, fault)
  await sendAnswer(res, distortAnswer(real, fault), sendingOf(parts, { fault, record, gone: gone.signal }))
}

function sendingOf(
  { conditions, requests, frozen }: ExchangeParts,
  rest: Pick<Sending, 'fault' | 'record' | 'gone'>,
): Sending {
  return {
    ...rest,
    rate: () => rest.fault.drip?.bytesPerSecond ?? conditions.bandwidth,
    frozen: () => leaving(frozen(), rest.gone),
    changed: () => requests.changed(),
  }
}

/** The wait, cut short when the client leaves; no promise at all when there is nothing to wait for. */
function leaving(wait: Promise<void> | undefined, gone: AbortSignal): Promise<void> | undefined {
  return wait === undefined ? undefined : Promise.race([wait, once(gone)])
}

function readAsk(req: IncomingMessage): Ask {
  const [path = '', ...query] = (req.url ?? '').split('?')
  return {
    method: req.method ?? '',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: req.headers,
  }
}

function createRecord(req: IncomingMessage, label: Label): RequestRecord {
  const [path = '', ...query] = (req.url ?? '').split('?')
  return {
    ...label,
    at: Date.now(),
    method: req.method ?? '',
    path,
    query: query.join('?'),
    headers: req.headers,
    ...(req.headers.range === undefined ? {} : { range: req.headers.range }),
    connection: connectionNumber(req.socket),
    status: 0,
    bytesSent: 0,
    finished: false,
    closed: false,
  }
}
