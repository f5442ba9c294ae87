import type { Entry } from '../db/entries.ts'
import { AppError } from '../domain/errors.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { judge, mayServeStale } from './freshness.ts'
import {
  createRecheck,
  keptOf,
  type Recheck,
  type RecheckDeps,
  type Resolved,
  saidBy,
  staleOf,
} from './recheck.ts'
import { isByValidator, type Want } from './want.ts'

/** Share of the pull budget below which an upstream is spared. */
const FLOOR = 0.1

export interface Resolver {
  /**
   * The entry of a name, confirmed where it is due; undefined when there is none, and for what is due but not to be
   * kept. Throws when nothing may be served.
   */
  resolve(want: Want): Promise<Resolved | undefined>
  /**
   * A name moved, but what it leads to now cannot be fetched: the content it led to before is served stale, `before`
   * where that is known, else as the index remembers it.
   * Throws `error` when that may not be.
   */
  fallBack(want: Want, before: Entry | undefined, error: unknown): Resolved
}

/**
 * Decides whether an upstream is asked about a name, and how long anybody waits for that: as long as it usually
 * takes, and not at all while the upstream is known to be silent.
 */
export function createResolver(deps: RecheckDeps): Resolver {
  const { client, index, clock } = deps
  const recheckNow = createRecheck(deps)
  /** Upstreams with questions that outlasted patience. */
  const overdue = new Map<string, number>()

  /** `kept` is served when the answer takes too long. */
  const recheckPatiently = async (recheck: Recheck, kept: Entry): Promise<Resolved> => {
    const { want } = recheck
    const { upstream } = want.request
    const answer = recheckNow(recheck)
    const isSilent = (overdue.get(upstream) ?? 0) > 0
    const tired = Promise.withResolvers<string>()
    const forget = client.onStumble(upstream, tired.resolve)
    const tell = (): void => tired.resolve('did not answer in time')
    const timer = setTimeout(tell, isSilent ? 0 : client.patience(upstream)).unref()
    const first = await Promise.race([answer, tired.promise]).finally(() => {
      clearTimeout(timer)
      forget()
    })
    if (typeof first !== 'string') return first
    overdue.set(upstream, (overdue.get(upstream) ?? 0) + 1)
    const settled = (): void => void overdue.set(upstream, (overdue.get(upstream) ?? 1) - 1)
    answer.then(settled, settled)
    return staleOf({ want, entry: kept, why: first, now: clock() })
  }

  const resolveDue = async (recheck: Recheck): Promise<Resolved> => {
    const { want, kept, freshness } = recheck
    const { upstream } = want.request
    const now = clock()
    if (kept === undefined || !mayServeStale(kept, freshness, now)) return await recheckNow(recheck)
    const spared = freshness.metered ? budgetReason(client, upstream, { entry: kept, now }) : undefined
    if (spared !== undefined) return staleOf({ want, entry: kept, why: spared, now })
    const health = client.health(upstream)
    if (health === 'closed') return await recheckPatiently(recheck, kept)
    if (health === 'due') probe(recheckNow(recheck))
    return staleOf({ want, entry: kept, why: 'cannot be reached', now })
  }

  return {
    resolve: async (want) => {
      const entry = index.entries.find(want.key)
      if (entry === undefined) return undefined
      const { freshness } = want
      if (freshness.kind === 'immutable' || judge(entry, freshness, clock()) === 'fresh') {
        return { entry, outcome: 'hit', warning: undefined }
      }
      // What the upstream has by now would have to be kept.
      if (want.isKept === false) return undefined
      // Nothing is here that could be confirmed.
      if (freshness.by === 'validator' && entry.blob === undefined) return undefined
      return await resolveDue({ want, entry, kept: keptOf(index, want, entry), freshness })
    },
    fallBack: (want, before, error) => {
      const now = clock()
      const kept = before ?? keptOf(index, want, index.entries.find(want.key))
      if (kept === undefined || !(error instanceof AppError) || !mayServeStale(kept, want.freshness, now))
        throw error
      if (isByValidator(want)) return staleOf({ want, entry: kept, why: saidBy(error), now })
      const newer = index.entries.find(want.key)?.digest
      deps.asker.remember(want.key, kept, newer)
      return staleOf({ want, entry: kept, why: saidBy(error), now })
    },
  }
}

/**
 * Asked in the background, to learn whether the upstream is back: trouble, "not found" and an end of the program
 * are answers too. Only what nobody expects is not swallowed.
 */
function probe(answer: Promise<unknown>): void {
  answer.catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
  })
}

/** Why an upstream whose pull budget runs low is not asked about an entry that is young enough. */
function budgetReason(
  client: OriginClient,
  upstream: string,
  { entry, now }: { entry: Entry; now: number },
): string | undefined {
  const budget = client.rateLimit(upstream)
  if (budget === undefined || budget.limit === 0) return undefined
  const window = budget.window * 1000
  const isLow = budget.remaining < budget.limit * FLOOR && now - budget.seenAt < window
  if (!isLow || now - entry.checkedAt > window) return undefined
  return `has ${budget.remaining} of ${budget.limit} pulls left and was not asked`
}
