/** Runs one piece of work per key at a time; everybody who asks meanwhile gets the same result. */
export interface Coalesce<T> {
  run(key: string, work: () => Promise<T>): { result: Promise<T>; joined: boolean }
  running(key: string): boolean
}

export function createCoalesce<T>(): Coalesce<T> {
  const running = new Map<string, Promise<T>>()
  return {
    run: (key, work) => {
      const shared = running.get(key)
      if (shared !== undefined) return { result: shared, joined: true }
      const result = work().finally(() => running.delete(key))
      running.set(key, result)
      // Everyone who was given the result waits for it; this keeps a lone failure from counting as unhandled.
      result.catch(() => undefined)
      return { result, joined: false }
    },
    running: (key) => running.has(key),
  }
}
