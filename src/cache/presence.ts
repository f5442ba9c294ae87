import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, isSha256, parseDigest } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'
import type { OriginClient } from '../upstream/origin.ts'
import { type Asker, statedDigest } from './asker.ts'
import type { Shelf } from './shelf.ts'
import { isTrouble } from './trouble.ts'
import type { Want } from './want.ts'

/** Where a name leads at its upstream. */
export interface Stated {
  /** As the cache knows it; undefined where the upstream names none. */
  readonly digest: Digest | undefined
  readonly mediaType: string | undefined
}

/** What is here of content that somebody plans to fetch, without fetching any of it. */
export interface Presence {
  /**
   * Asks the upstream by HEAD, now and whatever is cached, which costs no pull. What it says of a cached name is written
   * down; where that name leads stays as it is. Rejects with AppError as a pull does, and with the signal's reason.
   */
  ask(want: Want, signal: AbortSignal): Promise<Stated>
  /** Whether content is here under this very name. */
  isHere(key: EntryKey): boolean
  /** Its length where content is here under any name; a name of its own costs a HEAD then. */
  sizeOf(digest: Digest): number | undefined
  /** Small content from disk; undefined where it is not here. */
  load(digest: Digest): Promise<Buffer | undefined>
  /** A name and all below it are wanted: they count as used now, but not as pulled. */
  touch(key: EntryKey, digest: Digest): void
}

/** Manifests are no longer than that. */
const LONGEST = 8 * 1024 * 1024

export function createPresence(deps: {
  readonly client: Pick<OriginClient, 'head'>
  readonly index: Index
  readonly shelf: Pick<Shelf, 'loadAll'>
  readonly asker: Pick<Asker, 'rename'>
  readonly clock: Clock
  readonly report: (error: unknown) => void
}): Presence {
  const { client, index, shelf, asker, clock, report } = deps

  /** Gives the digest that the cache has for what was said. */
  const note = ({ key }: Want, stated: Digest | undefined): Digest | undefined => {
    const entry = index.entries.find(key)
    if (entry === undefined || stated === undefined) return stated
    const isSame = [entry.digest, parseDigest(entry.headers['docker-content-digest'] ?? '')].includes(stated)
    try {
      if (isSame) index.entries.confirm(key, clock())
      else index.entries.noteMoved(key, stated)
    } catch (error) {
      if (!isTrouble(error)) throw error
      report(error)
    }
    return isSame ? entry.digest : stated
  }

  const rowOf = (digest: Digest) => (isSha256(digest) ? index.blobs.find(digest) : undefined)

  return {
    ask: async (want, signal) => {
      try {
        const head = await client.head(want.request, { signal })
        return { digest: note(want, statedDigest(want, head)), mediaType: head.contentType }
      } catch (error) {
        signal.throwIfAborted()
        throw asker.rename(want, error)
      }
    },
    isHere: (key) => index.entries.find(key)?.blob !== undefined,
    sizeOf: (digest) => rowOf(digest)?.size,
    load: async (digest) => {
      const row = rowOf(digest)
      return row === undefined || row.size > LONGEST ? undefined : await shelf.loadAll(row)
    },
    touch: (key, digest) => {
      if (isSha256(digest)) index.uses.note({ key, digest, at: clock(), pulled: false })
    },
  }
}
