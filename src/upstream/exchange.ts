import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Connections } from './pools.ts'

/** One request on the wire. */
export interface ExchangeAsk {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly url: URL
  /** Of a POST. */
  readonly text?: string | Buffer | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Ends the request at any moment, its body included. */
  readonly signal: AbortSignal
  readonly bodyBuffer: number
  /** What the reader of the body is told when it breaks. */
  readonly explain: (error: unknown) => unknown
}

/** One answer from the wire, whatever its status. */
export interface RawAnswer {
  readonly status: number
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
  /** Milliseconds until the headers were here. */
  readonly took: number
}

/** A failure before headers. */
export class ExchangeError extends Error {
  /** The connection had served before: it may just have been closed by age. */
  readonly reused: boolean
  /** It waited for a connection of our own pool. */
  readonly crowded: boolean

  constructor(cause: unknown, reused: boolean, crowded: boolean) {
    super('the exchange failed', { cause })
    this.reused = reused
    this.crowded = crowded
  }
}

/**
 * Sends one request and resolves with its headers. Rejects with ExchangeError, whose cause is the transport's
 * error or the reason of the signal. Nothing is followed, decoded or repeated.
 */
export function exchange(connections: Connections, ask: ExchangeAsk): Promise<RawAnswer> {
  if (ask.signal.aborted) return Promise.reject(new ExchangeError(ask.signal.reason, false, false))
  return new Promise((resolve, reject) => {
    const handler = new Exchange(connections, ask, { resolve, reject })
    const { origin, pathname, search } = ask.url
    connections.dispatcher.dispatch(
      {
        origin,
        path: pathname + search,
        method: ask.method,
        headers: { ...ask.headers },
        ...(ask.text === undefined ? {} : { body: ask.text }),
        // Otherwise every HEAD costs a connection.
        ...(ask.method === 'HEAD' ? { reset: false } : {}),
      },
      handler,
    )
  })
}

interface Settle {
  resolve(answer: RawAnswer): void
  reject(error: unknown): void
}

/** Undici's request API would wait for a connection before it noticed an abort; this does not. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #connections: Connections
  readonly #ask: ExchangeAsk
  readonly #settle: Settle
  readonly #leave: () => void
  readonly #startedAt = performance.now()
  #controller: Dispatcher.DispatchController | undefined
  #body: AnswerBody | undefined
  #reused = false
  #over = false

  constructor(connections: Connections, ask: ExchangeAsk, settle: Settle) {
    this.#connections = connections
    this.#ask = ask
    this.#settle = settle
    this.#leave = connections.enter(ask.url.origin)
    ask.signal.addEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.#body?.breakNow(this.#ask.explain(this.#ask.signal.reason))
    this.#fail(this.#ask.signal.reason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#reused = !this.#connections.isFresh()
    if (this.#over) controller.abort(new Error('given up'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    this.#body = new AnswerBody(controller, this.#ask.bodyBuffer, () => this.#finish())
    this.#settle.resolve({
      status,
      headers: joined(headers),
      body: this.#body,
      took: performance.now() - this.#startedAt,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause()
  }

  onResponseEnd(): void {
    this.#body?.complete()
    this.#finish()
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail(error)
  }

  #fail(error: unknown): void {
    if (this.#over) return
    const crowded = this.#controller === undefined && this.#connections.isCrowded(this.#ask.url.origin)
    this.#finish()
    if (this.#body === undefined) this.#settle.reject(new ExchangeError(error, this.#reused, crowded))
    else this.#body.break(this.#ask.explain(error))
    this.#controller?.abort(error instanceof Error ? error : new Error('given up'))
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#leave()
    this.#ask.signal.removeEventListener('abort', this.#onAbort)
  }
}

/** The bytes of an answer. Slow readers slow the socket down; destroying it early closes the connection. */
class AnswerBody extends Readable {
  readonly #controller: Dispatcher.DispatchController
  readonly #onClose: () => void
  #complete = false
  /** It broke, but what came before has not been read yet. */
  #broken: Error | undefined

  constructor(controller: Dispatcher.DispatchController, highWaterMark: number, onClose: () => void) {
    super({ highWaterMark })
    this.#controller = controller
    this.#onClose = onClose
    // It may break before its reader listens; a reader that comes later still learns of it.
    this.on('error', () => undefined)
  }

  complete(): void {
    this.#complete = true
    this.push(null)
  }

  /** What came before the break is still good: it is read first, so that nobody has to ask for it again. */
  break(error: unknown): void {
    if (this.readableLength === 0) this.breakNow(error)
    else this.#broken = asError(error)
  }

  breakNow(error: unknown): void {
    this.destroy(asError(error))
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size)
    if (this.#broken !== undefined && this.readableLength === 0) {
      process.nextTick(() => this.destroy(this.#broken))
    }
    return chunk
  }

  override _read(): void {
    this.#controller.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#onClose()
    if (!this.#complete) this.#controller.abort(error ?? new Error('given up'))
    callback(error)
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('broken off', { cause: error })
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const result: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) result[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value
  }
  return result
}
