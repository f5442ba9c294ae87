import { isUpstreamTrouble } from '../domain/errors.ts'
import type { Asker } from './asker.ts'
import type { Resolved } from './recheck.ts'
import type { Resolver } from './resolve.ts'
import { isByValidator, type Want } from './want.ts'

export interface OlderDeps {
  readonly resolver: Resolver
  readonly asker: Asker
}

/**
 * What was kept of a name whose upstream fails, where nothing newer is kept: of names that rules forbid to keep, and of
 * files that moved. Undefined where there is none that may be served.
 */
export function olderOf({ resolver }: OlderDeps, want: Want, error: unknown): Resolved | undefined {
  if (!isUpstreamTrouble(error) || want.freshness.kind === 'immutable') return undefined
  const isLost = error.code === 'upstream_not_found'
  const isKeptWhenLost = isByValidator(want) && want.freshness.whenDeleted === 'keep'
  const isCovered = want.isKept === false || isByValidator(want)
  if (!isCovered || (isLost && !isKeptWhenLost)) return undefined
  try {
    return resolver.fallBack(want, undefined, error)
  } catch (refused) {
    if (refused === error) return undefined
    throw refused
  }
}

/**
 * What `bring` gives; where its upstream fails, what was kept before and may be served, as `here` finds it. Throws
 * what the upstream said in the words of the front end.
 */
export async function orOlder<T>(
  deps: OlderDeps,
  want: Want,
  bring: () => Promise<T>,
  here: (older: Resolved) => Promise<T | undefined>,
): Promise<T> {
  try {
    return await bring()
  } catch (error) {
    const older = olderOf(deps, want, error)
    const found = older === undefined ? undefined : await here(older)
    if (found !== undefined) return found
    throw deps.asker.rename(want, error)
  }
}
