/** One piece of work per key at a time; whoever asks meanwhile gets the same result. */
export interface Once<T> {
  run(key: string, work: () => Promise<T>): { readonly result: Promise<T>; readonly joined: boolean }
}

export function createOnce<T>(): Once<T> {
  const running = new Map<string, Promise<T>>()
  return {
    run: (key, work) => {
      const shared = running.get(key)
      if (shared !== undefined) return { result: shared, joined: true }
      const result = work().finally(() => running.delete(key))
      running.set(key, result)
      result.catch(() => undefined)
      return { result, joined: false }
    },
  }
}
