import type { NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { type Digest, isSha256, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import type { OriginClient, OriginHead } from '../upstream/origin.ts'
import { createCoalesce } from './coalesce.ts'
import { entryOf } from './landing.ts'
import type { Negative } from './negative.ts'
import { isTrouble } from './trouble.ts'
import type { Want } from './want.ts'

/** What an upstream says about a name: a HEAD, no body. */
export interface Asked {
  readonly head: OriginHead
  readonly digest: Digest | undefined
}

/** Questions to upstreams that move no body, each asked once for everybody who wants to know. */
export interface Asker {
  /** Throws when it is known that the upstream does not have it, or it says so now. */
  ask(want: Want): Promise<Asked>
  /** Asks whether this name has content that is here under another one; remembers a yes as an entry. */
  confirm(want: Want, size: number): Promise<NewEntry>
  /** Turns an upstream's "not found" into the front end's own and remembers it for a while. */
  rename(want: Want, error: unknown): unknown
  checkNegative(want: Want): void
  /** Writes an entry where the disk allows it. */
  remember(key: EntryKey, entry: NewEntry): void
}

export interface AskerDeps {
  readonly client: OriginClient
  readonly index: Index
  readonly negative: Negative
  /** A name is about to lead to content that may be here already. */
  readonly noticed: (key: EntryKey, entry: NewEntry) => void
  readonly clock: Clock
  readonly report: (error: unknown) => void
}

export function createAsker({ client, index, negative, noticed, clock, report }: AskerDeps): Asker {
  const heads = createCoalesce<Asked>()
  const confirms = createCoalesce<NewEntry>()

  const remember = (key: EntryKey, entry: NewEntry): void => {
    try {
      noticed(key, entry)
      index.entries.put(key, entry)
    } catch (error) {
      if (!isTrouble(error)) throw error
      report(error)
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

  /** A tag's answer is kept as a pointer: its manifest may be asked for by digest next. */
  const headOf = async (want: Want): Promise<Asked> => {
    checkNegative(want)
    try {
      const head = await client.head(want.request)
      const digest = statedDigest(head) ?? want.digest
      const isPointer = want.byDigest !== undefined && want.isKept !== false
      const pointer = isPointer ? pointerOf(want, head, clock()) : undefined
      if (pointer !== undefined) remember(want.key, pointer)
      return { head, digest }
    } catch (error) {
      throw rename(want, error)
    }
  }

  const ask = (want: Want): Promise<Asked> => heads.run(keyText(want.key), () => headOf(want)).result

  const confirm = async (want: Want, size: number): Promise<NewEntry> => {
    const { head } = await ask(want)
    if (want.digest === undefined || !isSha256(want.digest)) throw new AppError('internal')
    const entry = entryOf(want, head, { digest: want.digest, size, now: clock() })
    if (want.isKept !== false) remember(want.key, entry)
    return entry
  }

  return {
    ask,
    confirm: (want, size) => confirms.run(keyText(want.key), () => confirm(want, size)).result,
    rename,
    checkNegative,
    remember,
  }
}

/** The digest an upstream states for a manifest or blob. It is a claim: content fetched by it is verified. */
export function statedDigest(head: OriginHead): Digest | undefined {
  return parseDigest(head.headers['docker-content-digest'] ?? '')
}

/** An entry that knows where a name points, from a HEAD; undefined when the upstream does not say enough. */
export function pointerOf(want: Want, head: OriginHead, now: number): NewEntry | undefined {
  const digest = statedDigest(head)
  if (digest === undefined || !isSha256(digest) || head.contentLength === undefined) return undefined
  return entryOf(want, head, { digest, size: head.contentLength, now })
}
