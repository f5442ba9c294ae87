import type { NewEntry } from '../db/entries.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { type Digest, isSha256, parseDigest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { EntryKey } from '../domain/names.ts'
import type { OriginClient, OriginHead } from '../upstream/origin.ts'
import { isGone } from './gone.ts'
import { entryOf } from './landing.ts'
import type { Negative } from './negative.ts'
import { isTrouble } from './trouble.ts'
import { isByValidator, missingError, questionOf, type Want } from './want.ts'

/** What an upstream says about a name: a HEAD, no body. */
export interface Asked {
  readonly head: OriginHead
  readonly digest: Digest | undefined
  /** An entry that says where the name points, for pointing names whose upstream says it. */
  readonly pointer: NewEntry | undefined
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
  /** Remembers for a while that content was judged and refused, so that it is not fetched again only to be refused. */
  refused(want: Want, error: unknown): void
  /** Notes that the upstream of a cached name does not have it any more, where `error` says that for certain. */
  lost(want: Want, error: unknown): void
  /** Writes an entry where the disk allows it. `movedTo`: the upstream's tag leads there, which cannot be had yet. */
  remember(key: EntryKey, entry: NewEntry, movedTo?: Digest): void
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

  const remember = (key: EntryKey, entry: NewEntry, movedTo?: Digest): void => {
    try {
      noticed(key, entry)
      index.entries.put(key, entry)
      if (movedTo !== undefined) index.entries.noteMoved(key, movedTo)
    } catch (error) {
      if (!isTrouble(error)) throw error
      report(error)
    }
  }

  const lost = (want: Want, error: unknown): void => {
    const { key } = want
    const isAskedAfter = key.kind === 'manifest' || isByValidator(want)
    if (!isAskedAfter || !isGone(error) || index.entries.find(key) === undefined) return
    index.entries.noteGone(key, clock())
  }

  const rename = (want: Want, error: unknown): unknown => {
    if (!(error instanceof AppError)) return error
    const isMissing = error.code === 'upstream_not_found' || want.isAbsence?.(error) === true
    if (!isMissing) return error
    lost(want, error)
    const own = missingError(want, error)
    negative.add(questionOf(want), own)
    return own
  }

  const refused = (want: Want, error: unknown): void => {
    if (error instanceof AppError && error.code === 'upstream_invalid') negative.add(questionOf(want), error)
  }

  const checkNegative = (want: Want): void => {
    const known = negative.find(questionOf(want))
    if (known !== undefined) throw known
  }

  /** A tag's answer is kept as a pointer: its manifest may be asked for by digest next. */
  const headOf = async (want: Want): Promise<Asked> => {
    checkNegative(want)
    try {
      const head = want.vouched === undefined ? await client.head(want.request) : vouchedHead(want.vouched)
      const digest = statedDigest(want, head) ?? want.digest
      const pointer = want.byDigest === undefined ? undefined : pointerOf(want, head, clock())
      if (pointer !== undefined && want.isKept !== false) remember(want.key, pointer)
      return { head, digest, pointer }
    } catch (error) {
      throw rename(want, error)
    }
  }

  const ask = (want: Want): Promise<Asked> => heads.run(questionOf(want), () => headOf(want)).result

  const confirm = async (want: Want, size: number): Promise<NewEntry> => {
    const { head } = await ask(want)
    if (want.digest === undefined || !isSha256(want.digest)) throw new AppError('internal')
    const entry = entryOf(want, head, { digest: want.digest, size, now: clock() })
    if (want.isKept !== false) remember(want.key, entry)
    return entry
  }

  return {
    ask,
    confirm: (want, size) => confirms.run(questionOf(want), () => confirm(want, size)).result,
    rename,
    checkNegative,
    refused,
    lost,
    remember,
  }
}

function vouchedHead({ size }: { readonly size: number }): OriginHead {
  const unsaid = { contentRange: undefined, contentType: undefined, etag: undefined }
  return { status: 200, headers: {}, contentLength: size, ...unsaid }
}

/** The digest an upstream states for content. It is a claim: content fetched by it is verified. */
export function statedDigest(want: Want, head: OriginHead): Digest | undefined {
  if (want.digestIn !== undefined) return want.digestIn(head)
  return parseDigest(head.headers['docker-content-digest'] ?? '')
}

/** The length an upstream states for content, in bytes. */
export function statedSize(want: Want, head: OriginHead): number | undefined {
  return want.sizeIn?.(head) ?? head.contentLength
}

/** An entry that knows where a name points, from a HEAD; undefined when the upstream does not say enough. */
export function pointerOf(want: Want, head: OriginHead, now: number): NewEntry | undefined {
  const digest = statedDigest(want, head)
  const size = statedSize(want, head)
  if (digest === undefined || !isSha256(digest) || size === undefined) return undefined
  return entryOf(want, head, { digest, size, now })
}
