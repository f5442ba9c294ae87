import type { Entry, NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { type AppError, isUpstreamTrouble } from '../domain/errors.ts'
import type { Outcome } from '../domain/names.ts'
import type { OriginClient, OriginHead } from '../upstream/origin.ts'
import { type Asker, pointerOf, statedDigest } from './asker.ts'
import type { Documents, Fetched } from './documents.ts'
import { mayServeStale, staleWarning } from './freshness.ts'
import { entryOf, isImported, sourceOf } from './landing.ts'
import { isTrouble } from './trouble.ts'
import { isUnmoved } from './validators.ts'
import { type Freshness, questionOf, type Want } from './want.ts'

/** What is known of a name, and how sure that is. */
export interface Resolved {
  readonly entry: Entry | NewEntry
  readonly outcome: Outcome
  /** Why the answer is stale, for people. */
  readonly warning: string | undefined
  /** What the name pointed to before, with its bytes on disk, when it has just moved. */
  readonly before?: Entry | undefined
  /** What the upstream says of newer content, which is not here: `entry` is what there was before. */
  readonly moved?: OriginHead
}

export type Revalidate = Extract<Freshness, { kind: 'revalidate' }>

export interface Recheck {
  readonly want: Want
  readonly entry: Entry
  /** What may be served in its place, bytes on disk: the entry itself, or what the name pointed to before. */
  readonly kept: Entry | undefined
  readonly freshness: Revalidate
}

export interface RecheckDeps {
  readonly client: OriginClient
  readonly index: Index
  readonly documents: Documents
  readonly asker: Asker
  readonly clock: Clock
  readonly report: (error: unknown) => void
}

/**
 * Asks the upstream about an entry that is due, once for everybody, and says what may be served: the confirmed
 * entry, the new one, or the old one with a warning. Throws when none of them.
 */
export function createRecheck(deps: RecheckDeps): (recheck: Recheck) => Promise<Resolved> {
  const { client, index, asker, clock } = deps
  const running = createCoalesce<Resolved>()

  const write = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.report(error)
    }
  }

  const confirmed = ({ want, entry }: Recheck): Resolved => {
    const checkedAt = clock()
    write(() => index.entries.confirm(want.key, checkedAt))
    return { entry: { ...entry, checkedAt }, outcome: 'revalidated', warning: undefined }
  }

  const byEtag = async (recheck: Recheck): Promise<Resolved> => {
    const { want, entry } = recheck
    const fetched = await deps.documents.refetch(want, isFrom(want, entry) ? entry.etag : undefined)
    if (fetched === undefined) return confirmed(recheck)
    if (fetched.digest === entry.digest) {
      const now = confirmed(recheck)
      // What was landed has the headers of the newer answer already.
      return { ...now, entry: { ...now.entry, headers: headersNow(want, fetched) } }
    }
    const facts = { digest: fetched.digest, size: fetched.bytes.length, now: clock() }
    // What the disk refused is not in the index, where the name still leads to the old content.
    const landed = fetched.kept ? index.entries.find(want.key) : undefined
    const now = landed ?? entryOf(want, fetched.answer, facts)
    return { entry: now, outcome: fetched.kept ? 'miss' : 'bypass', warning: undefined }
  }

  /** A HEAD costs no pull. Where its digest moved, the entry points to the new one, which is fetched when asked for. */
  const byDigest = async (recheck: Recheck): Promise<Resolved> => {
    const { want, entry, kept } = recheck
    const head = await client.head(want.request)
    if (statedDigest(want, head) === entry.digest) return confirmed(recheck)
    const pointer = pointerOf(want, head, clock())
    if (pointer === undefined) return want.key.kind === 'file' ? judged(recheck, head) : await byEtag(recheck)
    asker.remember(want.key, pointer)
    const known = index.entries.find(want.key)
    const now = known?.digest === pointer.digest ? known : pointer
    return { entry: now, outcome: 'revalidated', warning: undefined, before: kept }
  }

  /** What moved is fetched by whoever wants its bytes; until it is here, the name leads to what it led to before. */
  const judged = (recheck: Recheck, head: OriginHead): Resolved => {
    const { want, entry } = recheck
    const isSame = isFrom(want, entry) && isUnmoved(entry, head)
    return isSame ? confirmed(recheck) : { entry, outcome: 'miss', warning: undefined, moved: head }
  }

  const byValidator = async (recheck: Recheck): Promise<Resolved> =>
    judged(recheck, await client.head(recheck.want.request))

  const ask = { etag: byEtag, digest: byDigest, validator: byValidator }

  const insteadOf = (error: AppError, { want, entry, kept, freshness }: Recheck): Resolved => {
    if (error.code === 'upstream_not_found' && freshness.whenDeleted === 'follow' && !isImported(entry)) {
      if (!isFrom(want, entry)) throw asker.rename(want, error)
      write(() => index.entries.remove(want.key, clock()))
      throw asker.rename(want, error)
    }
    if (kept === undefined || !mayServeStale(kept, freshness, clock())) throw asker.rename(want, error)
    asker.lost(want, error)
    return staleOf({ want, entry: kept, why: saidBy(error), now: clock() })
  }

  return (recheck) =>
    running.run(questionOf(recheck.want), async () => {
      try {
        return await ask[recheck.freshness.by](recheck)
      } catch (error) {
        if (!isUpstreamTrouble(error)) throw error
        return insteadOf(error, recheck)
      }
    }).result
}

/** Of several upstreams only the one that an entry came from can say something about it. */
function isFrom({ key, request }: Want, entry: Entry): boolean {
  return sourceOf(key, entry) === request.upstream
}

function headersNow(want: Want, { answer, digest, bytes }: Fetched): Readonly<Record<string, string>> {
  return entryOf(want, answer, { digest, size: bytes.length, now: 0 }).headers
}

/** What can be served of a name without its upstream: where it points, or where it did, if those bytes are here. */
export function keptOf(index: Index, want: Want, entry: Entry | undefined): Entry | undefined {
  if (entry === undefined || entry.blob !== undefined) return entry
  const before = entry.previous === undefined ? undefined : want.byDigest?.(entry.previous)
  const older = before === undefined ? undefined : index.entries.find(before.key)
  return older?.blob === undefined ? undefined : older
}

/** The entry as it is, with the reason why the upstream did not confirm it. */
export function staleOf(facts: { want: Want; entry: Entry; why: string; now: number }): Resolved {
  const { want, entry, why, now } = facts
  return { entry, outcome: 'stale', warning: staleWarning(entry, `${want.request.upstream} ${why}`, now) }
}

/** What the upstream said, for people. */
export function saidBy(error: AppError): string {
  const { status, said } = error.detail
  if (status !== undefined) return `answered ${status}`
  return said === undefined ? 'cannot be reached' : `failed: ${said}`
}
