import { type Clock, SECOND } from '../domain/clock.ts'

/** Milliseconds that a rate looks back. */
const WINDOW = 5 * SECOND
/** Looks closer together share a sample. */
const APART = 200

interface Sample {
  readonly at: number
  readonly bytes: number
}

/**
 * Bytes per second of things that only count up, over the last five seconds: a sample is taken whenever somebody
 * looks, so it costs nothing while nobody does. Things that nobody has any more are forgotten.
 */
export interface Rates {
  /** `since`: when it began, with no bytes; without it the first look gives 0. */
  of(subject: object, bytes: number, since?: number): number
}

export function createRates(clock: Clock): Rates {
  const known = new WeakMap<object, Sample[]>()
  return {
    of: (subject, bytes, since) => {
      const now = clock()
      const samples = known.get(subject) ?? (since === undefined ? [] : [{ at: since, bytes: 0 }])
      known.set(subject, samples)
      while ((samples[1]?.at ?? now) < now - WINDOW) samples.shift()
      const [oldest] = samples
      const last = samples.at(-1)
      // A clock that was set back makes a new beginning.
      if (last !== undefined && last.at > now) samples.length = 0
      if (last === undefined || last.at > now || now - last.at >= APART) samples.push({ at: now, bytes })
      if (oldest === undefined || oldest.at >= now) return 0
      return Math.max(0, Math.round(((bytes - oldest.bytes) * SECOND) / (now - oldest.at)))
    },
  }
}
