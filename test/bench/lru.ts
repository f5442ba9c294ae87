/** What a cache would find that always knows exactly what was used last. */
export interface LruAsk {
  readonly size: number
  readonly name: string
}

/** How many of the requests, in their order, an exact LRU of `capacity` bytes answers itself. */
export function lruHits(requests: readonly LruAsk[], capacity: number): number {
  const kept = new Map<string, number>()
  let used = 0
  let hits = 0
  for (const { name, size } of requests) {
    if (kept.delete(name)) hits++
    else used += size
    kept.set(name, size)
    for (const [oldest, bytes] of kept) {
      if (used <= capacity) break
      kept.delete(oldest)
      used -= bytes
    }
  }
  return hits
}

/** `count` numbers below `kinds`, number n about as often as 1 ÷ (n + 1) of number 0; the same for the same seed. */
export function zipf(count: number, kinds: number, seed = 1): number[] {
  const sums: number[] = []
  for (let kind = 0; kind < kinds; kind++) sums.push((sums.at(-1) ?? 0) + 1 / (kind + 1))
  const whole = sums.at(-1) ?? 0
  let state = seed
  return Array.from({ length: count }, () => {
    // Numerical Recipes' generator is enough to choose blobs.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const at = (state / 2 ** 32) * whole
    const found = sums.findIndex((sum) => sum > at)
    return found === -1 ? kinds - 1 : found
  })
}
