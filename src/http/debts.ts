/** How many networks are remembered. */
const MOST = 10_000
/** How many make way at once, so that the work of choosing them is shared by as many newcomers. */
const AT_ONCE = MOST / 10

/** What networks still owe, as the time in milliseconds until which they do. */
export interface Debts {
  /** Milliseconds from now; 0 for who owes nothing. */
  get(network: string, now: number): number
  put(network: string, debt: number, now: number): void
  /** Forgives what is owed beyond that many milliseconds. */
  cap(most: number, now: number): void
  readonly size: number
}

/**
 * A table of at most ten thousand. Those who owe nothing make way first, they are as good as unknown; then
 * those who owe least. So whoever is pushed out never owed more than anybody who stays: to be rid of a debt
 * takes nine thousand other networks that owe as much, each of which had to run it up first. Who has them
 * needs no trick.
 */
export function createDebts(): Debts {
  // Never put in order: choosing is rare, and each request would pay for the order.
  const until = new Map<string, number>()
  return {
    get: (network, now) => Math.max(0, (until.get(network) ?? 0) - now),
    put: (network, debt, now) => {
      until.set(network, now + debt)
      if (until.size > MOST) makeRoom(until, now)
    },
    cap: (most, now) => {
      for (const [network, time] of until) if (time > now + most) until.set(network, now + most)
    },
    get size() {
      return until.size
    },
  }
}

function makeRoom(until: Map<string, number>, now: number): void {
  const enough = MOST - AT_ONCE
  for (const [network, time] of until) if (time <= now) until.delete(network)
  if (until.size <= enough) return
  const times = new Float64Array(until.size)
  let at = 0
  for (const time of until.values()) times[at++] = time
  times.sort()
  const surplus = until.size - enough
  const last = times[surplus - 1] ?? now
  // Many may owe the same; no more than needed go, those that came first.
  let even = surplus - times.indexOf(last)
  for (const [network, time] of until) {
    if (time < last || (time === last && even-- > 0)) until.delete(network)
  }
}
