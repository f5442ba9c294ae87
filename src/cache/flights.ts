import { hash } from 'node:crypto'
import { hexOf } from '../domain/digest.ts'
import { Flight, type FlightDeps } from './flight.ts'
import { questionOf, type Want } from './want.ts'

export interface Flights {
  /**
   * The running download of what `want` names, or a new one. Looks and inserts without a pause in between:
   * that is the whole lock.
   */
  join(want: Want): { flight: Flight; joined: boolean }
  find(want: Want): Flight | undefined
  list(): readonly Flight[]
  /** Parks every download and settles when all have ended. */
  drain(): Promise<void>
}

/** Downloads in this process, by digest where it is known and by name elsewhere. */
export function createFlights(deps: FlightDeps): Flights {
  const flying = new Map<string, Flight>()
  return {
    join: (want) => {
      const id = flightId(want)
      const running = flying.get(id)
      if (running?.isJoinable === true) return { flight: running, joined: true }
      const flight = new Flight(want, id, deps, running)
      flying.set(id, flight)
      const leave = (): void => {
        if (flying.get(id) === flight) flying.delete(id)
        flight.end()
      }
      flight.landed.then(leave, leave)
      return { flight, joined: false }
    },
    find: (want) => flying.get(flightId(want)),
    list: () => [...flying.values()],
    drain: async () => {
      const flights = [...flying.values()]
      for (const flight of flights) flight.park()
      await Promise.allSettled(flights.map((flight) => flight.landed))
    },
  }
}

/** Also the name of the part, so that a later process finds what this one left. */
function flightId(want: Want): string {
  // What is left of it is continued by a validator, which only its own upstream understands.
  if (want.digest === undefined) return `name-${hash('sha256', questionOf(want))}`
  return `${want.digest.slice(0, 6)}-${hexOf(want.digest)}`
}
