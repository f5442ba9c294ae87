/** What was worked out lately. May forget anything. */
export interface Generations<V> {
  get(key: string): V | undefined
  put(key: string, value: V): void
  clear(): void
}

/**
 * At most twice `most` entries, in constant time: when the young are many they become the old, and the old ones
 * that nobody asked for since are forgotten together.
 */
export function createGenerations<V>(most: number): Generations<V> {
  let young = new Map<string, V>()
  let old = young
  const put = (key: string, value: V): void => {
    if (young.size >= most) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get: (key) => {
      const value = young.get(key)
      if (value !== undefined) return value
      const kept = old.get(key)
      if (kept !== undefined) put(key, kept)
      return kept
    },
    put,
    clear: () => {
      young = new Map()
      old = young
    },
  }
}
