import type { Mirror } from './mirror.ts'

/** A fetch under way that several wait for. */
export interface MirrorFlight {
  readonly startedAt: number
  /** The mirror as it is then; undefined where there is none afterwards. Never rejects. */
  readonly done: Promise<Mirror | undefined>
}

/** One at a time for each mirror. */
export interface MirrorFlights {
  isBusy(name: string): boolean
  /** Joins the running one, or starts `work`. */
  join(name: string, work: () => Promise<Mirror | undefined>): { flight: MirrorFlight; joined: boolean }
  /** Starts `work` when nothing else is done to this mirror; undefined where something is. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T | undefined>
  /** Starts `work` as soon as nothing else is done to this mirror. */
  next<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Settles when nothing is under way any more. */
  settled(): Promise<void>
}

export function createMirrorFlights(now: () => number): MirrorFlights {
  const flights = new Map<string, MirrorFlight>()
  const others = new Map<string, Promise<unknown>>()

  const join: MirrorFlights['join'] = (name, work) => {
    const known = flights.get(name)
    if (known !== undefined) return { flight: known, joined: true }
    const before = others.get(name) ?? Promise.resolve()
    const done = before
      .catch(() => undefined)
      .then(work)
      .finally(() => flights.delete(name))
    const flight = { startedAt: now(), done }
    flights.set(name, flight)
    return { flight, joined: false }
  }

  const isBusy = (name: string): boolean => flights.has(name) || others.has(name)

  const start = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const done = work().finally(() => others.delete(name))
    others.set(name, done)
    return await done
  }

  return {
    isBusy,
    join,
    alone: async (name, work) => (isBusy(name) ? undefined : await start(name, work)),
    next: async (name, work) => {
      while (isBusy(name)) await Promise.allSettled([flights.get(name)?.done, others.get(name)])
      return await start(name, work)
    },
    settled: async () => {
      while (flights.size + others.size > 0)
        await Promise.allSettled([...[...flights.values()].map(({ done }) => done), ...others.values()])
    },
  }
}
