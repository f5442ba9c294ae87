/** What is kept while there is room: least recently used first out. */
export interface Lru<K, V> {
  /** Makes it the one used last. */
  get(key: K): V | undefined
  put(key: K, value: V): void
  drop(key: K): void
}

/** Holds values of at most `mostBytes` together, as `bytesOf` says, and at most `most` of them. */
export function createLru<K, V extends object>(options: {
  readonly mostBytes: number
  readonly most?: number
  readonly bytesOf: (value: V) => number
}): Lru<K, V> {
  const { mostBytes, most = Infinity, bytesOf } = options
  // A Map keeps the order in which keys were added.
  const kept = new Map<K, V>()
  let used = 0
  const drop = (key: K): void => {
    const value = kept.get(key)
    if (value === undefined) return
    used -= bytesOf(value)
    kept.delete(key)
  }
  return {
    get: (key) => {
      const value = kept.get(key)
      if (value === undefined) return undefined
      kept.delete(key)
      kept.set(key, value)
      return value
    },
    put: (key, value) => {
      drop(key)
      kept.set(key, value)
      used += bytesOf(value)
      for (const oldest of kept.keys()) {
        if (used <= mostBytes && kept.size <= most) break
        drop(oldest)
      }
    },
    drop,
  }
}
