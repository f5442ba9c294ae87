/** Work that several callers wait for together. */
export interface Shared<T> {
  /**
   * Joins the running work of `key` or starts it. A caller whose `signal` ends stops waiting, with the signal's
   * reason; when the last one is gone, the work's own signal ends as well.
   */
  join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T>
}

interface Running<T> {
  readonly work: Promise<T>
  readonly controller: AbortController
  waiting: number
}

export function createShared<T>(): Shared<T> {
  const running = new Map<string, Running<T>>()

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Running<T> {
    const controller = new AbortController()
    const work = start(controller.signal).finally(() => {
      if (running.get(key) === entry) running.delete(key)
    })
    // Whoever waits hears of it; nobody may be waiting any more.
    work.catch(() => undefined)
    const entry: Running<T> = { work, controller, waiting: 0 }
    running.set(key, entry)
    return entry
  }

  async function join(
    key: string,
    signal: AbortSignal,
    start: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted()
    const entry = running.get(key) ?? begin(key, start)
    entry.waiting++
    const { promise: left, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    try {
      return await Promise.race([entry.work, left])
    } finally {
      signal.removeEventListener('abort', onAbort)
      entry.waiting--
      if (entry.waiting === 0 && running.get(key) === entry) {
        running.delete(key)
        entry.controller.abort(signal.reason)
      }
    }
  }

  return { join }
}
