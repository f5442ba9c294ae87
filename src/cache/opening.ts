import type { Index } from '../db/index.ts'
import type { Asker } from './asker.ts'
import type { Contents } from './contents.ts'
import { confirmElsewhere, knownElsewhere, pointed } from './elsewhere.ts'
import type { Flights } from './flights.ts'
import { orOlder } from './older.ts'
import type { Resolved } from './recheck.ts'
import type { Resolver } from './resolve.ts'
import type { Content, Want } from './want.ts'

export interface OpeningDeps {
  readonly index: Index
  readonly resolver: Resolver
  readonly asker: Asker
  readonly flights: Flights
  readonly contents: Contents
}

/** Opens content of any size: from disk, from a running download, or from a new one. */
export function createOpening(deps: OpeningDeps): (want: Want) => Promise<Content> {
  const { index, resolver, asker, flights, contents } = deps

  const open = async (want: Want, isRepeated = false): Promise<Content> => {
    // What is on its way under this very name is newer than what is here.
    const isOnItsWay = want.digest === undefined && flights.find(want)?.isJoinable === true
    if (isOnItsWay) return await arriving(want)
    const resolved =
      (await resolver.resolve(want)) ?? (await confirmElsewhere(deps, want)) ?? (await pointed(asker, want))
    const isMoved = resolved?.moved !== undefined
    if (resolved !== undefined && !isMoved) {
      const content = await contents.fromDisk(want, resolved)
      if (content !== undefined) return content
    }
    // It may have landed while we looked.
    const isHere = isMoved ? hasLanded(index, want, resolved) : knownElsewhere(index, want) !== undefined
    if (isHere && !isRepeated && flights.find(want) === undefined) return await open(want, true)
    const leads = want.digest === undefined && !isMoved ? resolved?.entry.digest : undefined
    const direct = leads === undefined ? undefined : want.byDigest?.(leads)
    return await (direct === undefined ? arriving(want) : open(direct))
  }

  const arriving = (want: Want): Promise<Content> => {
    const arrive = async (): Promise<Content> => {
      asker.checkNegative(want)
      const isPassed = want.isKept === false && flights.find(want) === undefined
      return await (isPassed ? contents.past(want) : contents.fromFlight(want))
    }
    return orOlder(deps, want, arrive, (older) => contents.fromDisk(want, older))
  }

  return (want) => open(want)
}

/** Whether newer content of a name that moved has come since its upstream was asked. */
function hasLanded(index: Index, want: Want, resolved: Resolved): boolean {
  return index.entries.find(want.key)?.fetchedAt !== resolved.entry.fetchedAt
}
