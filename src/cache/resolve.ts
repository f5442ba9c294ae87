import type { Entry, NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, isSha256, parseDigest } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import { keyText, type Outcome } from '../domain/names.ts'
import type { OriginClient, OriginHead } from '../upstream/origin.ts'
import { createCoalesce } from './coalesce.ts'
import type { Documents } from './documents.ts'
import { judge, mayServeStale, staleWarning } from './freshness.ts'
import { entryOf } from './landing.ts'
import type { Negative } from './negative.ts'
import { isTrouble } from './trouble.ts'
import type { Freshness, Want } from './want.ts'

/** Share of the pull budget below which an upstream is spared. */
const FLOOR = 0.1

/** What is known of a name, and how sure that is. */
export interface Resolved {
  readonly entry: Entry | NewEntry
  readonly outcome: Outcome
  readonly warning: string | undefined
}

export interface Resolver {
  /** The entry of a name, confirmed where it is due; undefined when there is none. Throws when nothing may be served. */
  resolve(want: Want): Promise<Resolved | undefined>
  /** What the upstream says about a name we have no entry for: a HEAD, no body. */
  ask(want: Want): Promise<{ head: OriginHead; digest: Digest | undefined }>
  /** Asks whether this name has content that is here under another one; remembers a yes as an entry. */
  confirm(want: Want, size: number): Promise<NewEntry>
  /** Turns an upstream's "not found" into the front end's own and remembers it for a while. */
  rename(want: Want, error: unknown): unknown
  /** Throws when it is known that the upstream does not have it. */
  checkNegative(want: Want): void
}

type Revalidate = Extract<Freshness, { kind: 'revalidate' }>

export interface ResolverDeps {
  readonly client: OriginClient
  readonly index: Index
  readonly documents: Documents
  readonly negative: Negative
  readonly clock: Clock
  readonly report: (error: unknown) => void
}

export function createResolver(deps: ResolverDeps): Resolver {
  const { client, index, clock, negative } = deps
  const heads = createCoalesce<{ head: OriginHead; digest: Digest | undefined }>()
  const rechecks = createCoalesce<Resolved>()
  const confirms = createCoalesce<NewEntry>()
  /** Upstreams with rechecks that outlasted patience: nobody waits for those. */
  const overdue = new Map<string, number>()

  const write = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.report(error)
    }
  }

  const rename = (want: Want, error: unknown): unknown => {
    if (!(error instanceof AppError) || error.code !== 'upstream_not_found') return error
    const own = new AppError(want.missing, { detail: error.detail, cause: error })
    negative.add(keyText(want.key), own)
    return own
  }

  const checkNegative = (want: Want): void => {
    const known = negative.find(keyText(want.key))
    if (known !== undefined) throw known
  }

  const ask = (want: Want) =>
    heads.run(keyText(want.key), async () => {
      checkNegative(want)
      try {
        const head = await client.head(want.request)
        const digest = parseDigest(head.headers['docker-content-digest'] ?? '') ?? want.digest
        if (digest !== undefined && isSha256(digest) && want.byDigest !== undefined && head.contentLength !== undefined) {
          const entry = entryOf(want, head, { digest, size: head.contentLength, now: clock() })
          write(() => index.entries.put(want.key, entry))
        }
        return { head, digest }
      } catch (error) {
        throw rename(want, error)
      }
    }).result

  /** Asks the upstream about an entry that is due. Never throws "not found": that is a decision of its own. */
  const recheck = async (want: Want, entry: Entry, freshness: Revalidate): Promise<Resolved> => {
    const now = clock()
    if (freshness.by === 'etag') return await recheckByEtag(want, entry)
    const head = await client.head(want.request)
    const digest = parseDigest(head.headers['docker-content-digest'] ?? '')
    if (digest === entry.digest) return confirmed(want, entry, now)
    if (digest === undefined || !isSha256(digest) || head.contentLength === undefined) {
      return await recheckByEtag(want, entry)
    }
    const moved = entryOf(want, head, { digest, size: head.contentLength, now })
    write(() => index.entries.put(want.key, moved))
    return { entry: index.entries.find(want.key) ?? moved, outcome: 'revalidated', warning: undefined }
  }

  const recheckByEtag = async (want: Want, entry: Entry): Promise<Resolved> => {
    const fetched = await deps.documents.refetch(want, entry.etag)
    if (fetched === undefined || fetched.digest === entry.digest) return confirmed(want, entry, clock())
    const facts = { digest: fetched.digest, size: fetched.bytes.length, now: clock() }
    return { entry: index.entries.find(want.key) ?? entryOf(want, fetched.answer, facts), outcome: 'miss', warning: undefined }
  }

  const confirmed = (want: Want, entry: Entry, now: number): Resolved => {
    write(() => index.entries.confirm(want.key, now))
    return { entry: { ...entry, checkedAt: now }, outcome: 'revalidated', warning: undefined }
  }

  const stale = (want: Want, entry: Entry, why: string): Resolved => ({
    entry,
    outcome: 'stale',
    warning: staleWarning(entry, `${want.request.upstream} ${why}`, clock()),
  })

  /** One recheck per name at a time, its failure already turned into what may be served instead. */
  const sharedRecheck = (want: Want, entry: Entry, freshness: Revalidate): Promise<Resolved> =>
    rechecks.run(keyText(want.key), async () => {
      try {
        return await recheck(want, entry, freshness)
      } catch (error) {
        if (!isUpstreamTrouble(error)) throw error
        if (error.code === 'upstream_not_found' && freshness.whenDeleted === 'follow') {
          write(() => index.entries.remove(want.key))
          throw rename(want, error)
        }
        if (entry.blob === undefined || !mayServeStale(entry, freshness, clock())) throw rename(want, error)
        return stale(want, entry, saidBy(error))
      }
    }).result

  /** Waits for the recheck as long as this upstream usually takes; after that, what is here is served. */
  const recheckPatiently = async (want: Want, entry: Entry, freshness: Revalidate): Promise<Resolved> => {
    const { upstream } = want.request
    const running = sharedRecheck(want, entry, freshness)
    const patience = (overdue.get(upstream) ?? 0) > 0 ? 0 : client.patience(upstream)
    const first = await Promise.race([running, after(patience)])
    if (first !== undefined) return first
    overdue.set(upstream, (overdue.get(upstream) ?? 0) + 1)
    const settled = () => void overdue.set(upstream, (overdue.get(upstream) ?? 1) - 1)
    running.then(settled, settled)
    return stale(want, entry, 'did not answer in time')
  }

  const resolveStale = async (want: Want, entry: Entry, freshness: Revalidate): Promise<Resolved> => {
    const { upstream } = want.request
    const servable = entry.blob !== undefined && mayServeStale(entry, freshness, clock())
    if (!servable) return await sharedRecheck(want, entry, freshness)
    const spared = freshness.metered ? budgetReason(client, upstream, entry, clock()) : undefined
    if (spared !== undefined) return stale(want, entry, spared)
    const health = client.health(upstream)
    if (health === 'closed') return await recheckPatiently(want, entry, freshness)
    if (health === 'due') sharedRecheck(want, entry, freshness).catch(() => undefined)
    return stale(want, entry, 'cannot be reached')
  }

  return {
    resolve: async (want) => {
      const entry = index.entries.find(want.key)
      const { freshness } = want
      if (entry === undefined) return undefined
      if (freshness.kind === 'immutable' || judge(entry, freshness, clock()) === 'fresh') {
        return { entry, outcome: 'hit', warning: undefined }
      }
      return await resolveStale(want, entry, freshness)
    },
    ask,
    confirm: (want, size) =>
      confirms.run(keyText(want.key), async () => {
        const { head } = await ask(want)
        if (want.digest === undefined || !isSha256(want.digest)) throw new AppError('internal')
        const entry = entryOf(want, head, { digest: want.digest, size, now: clock() })
        write(() => index.entries.put(want.key, entry))
        return entry
      }).result,
    rename,
    checkNegative,
  }
}

/** Settles with undefined after `ms`, without keeping the process alive. */
function after(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms, undefined).unref()
  })
}

function saidBy(error: AppError): string {
  const { status, said } = error.detail
  if (status !== undefined) return `answered ${status}`
  return typeof said === 'string' ? `failed: ${said}` : 'cannot be reached'
}

/** Why an upstream whose pull budget runs low is not asked about an entry that is young enough. */
function budgetReason(client: OriginClient, upstream: string, entry: Entry, now: number): string | undefined {
  const budget = client.rateLimit(upstream)
  if (budget === undefined || budget.limit === 0) return undefined
  const window = budget.window * 1000
  const isLow = budget.remaining < budget.limit * FLOOR && now - budget.seenAt < window
  if (!isLow || now - entry.checkedAt > window) return undefined
  return `has ${budget.remaining} of ${budget.limit} pulls left and was not asked`
}
