/** A table that never grows beyond its bound: the entry that was put longest ago makes way. */
export interface Recent<V> {
  get(key: string): V | undefined
  /** Makes it the newest. */
  put(key: string, value: V): void
  remove(key: string): void
  clear(): void
  readonly size: number
}

export function createRecent<V>(most: number): Recent<V> {
  // A Map keeps the order in which keys were added.
  const values = new Map<string, V>()
  return {
    get: (key) => values.get(key),
    put: (key, value) => {
      values.delete(key)
      values.set(key, value)
      if (values.size <= most) return
      const [oldest] = values.keys()
      if (oldest !== undefined) values.delete(oldest)
    },
    remove: (key) => void values.delete(key),
    clear: () => values.clear(),
    get size() {
      return values.size
    },
  }
}
