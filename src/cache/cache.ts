import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { isSha256 } from '../domain/digest.ts'
import { AppError, isUpstreamTrouble } from '../domain/errors.ts'
import type { EntryKey, FrontEndName } from '../domain/names.ts'
import type { Asker } from './asker.ts'
import type { Contents } from './contents.ts'
import type { Documents, Fetched } from './documents.ts'
import type { Flights } from './flights.ts'
import type { Hot } from './hot.ts'
import { entryOf } from './landing.ts'
import { metaOf } from './meta.ts'
import type { Resolved } from './recheck.ts'
import type { Resolver } from './resolve.ts'
import type { Shelf } from './shelf.ts'
import type { Content, Document, Meta, Want } from './want.ts'

/**
 * The one engine. Front ends say what they want; whether it comes from memory, disk, a running download or the
 * upstream is decided here. All three throw AppError when nothing can be served.
 */
export interface Cache {
  /** Facts about it, as a HEAD needs them; moves no body. */
  stat(want: Want): Promise<Meta>
  /** Small content, whole and verified. */
  read(want: Want): Promise<Document>
  /** Content of any size, open for reading. */
  open(want: Want): Promise<Content>
  /**
   * Small content straight from the upstream, as it is asked for; nothing is looked up and nothing kept. `within`
   * bounds the wait, in milliseconds, for those who have something else to serve.
   */
  pass(want: Want, within?: number): Promise<Document>
  /** Refs of one kind that are cached in a repository. */
  refs(key: Omit<EntryKey, 'ref'>): readonly string[]
  repositories(page: {
    frontEnd: FrontEndName
    upstream?: string
    last: string
    limit: number
  }): readonly string[]
}

export interface CacheDeps {
  readonly index: Index
  readonly hot: Hot
  readonly shelf: Shelf
  readonly resolver: Resolver
  readonly asker: Asker
  readonly documents: Documents
  readonly flights: Flights
  readonly contents: Contents
  readonly clock: Clock
}

export function createCache(deps: CacheDeps): Cache {
  const { index, resolver, asker, documents } = deps

  const stat = async (want: Want): Promise<Meta> => {
    const resolved = await resolver.resolve(want)
    if (resolved !== undefined) return metaOf(want, resolved)
    const here = knownElsewhere(index, want)
    if (here !== undefined) {
      const entry = await asker.confirm(want, here.size)
      return metaOf(want, { entry, outcome: 'revalidated', warning: undefined })
    }
    const running = await deps.contents.running(want)
    if (running !== undefined) return running
    try {
      return await asked(want)
    } catch (error) {
      return metaOf(want, olderOf(deps, want, error))
    }
  }

  const asked = async (want: Want): Promise<Meta> => {
    const { head, digest } = await asker.ask(want)
    const { headers } = entryOf(want, head, { digest: 'sha256:', size: 0, now: 0 })
    const { contentLength: size, contentType: mediaType } = head
    return { digest, size, mediaType, headers, outcome: 'miss', warning: undefined }
  }

  const read = async (want: Want): Promise<Document> => {
    const resolved = (await resolver.resolve(want)) ?? (await confirmElsewhere(want))
    if (resolved === undefined) return await fetched(want)
    const here = await documentHere(deps, want, resolved)
    if (here !== undefined) return here
    const direct = want.byDigest?.(resolved.entry.digest)
    if (direct === undefined) return await fetched(want)
    try {
      return await read(direct)
    } catch (error) {
      const older = await documentHere(deps, want, resolver.fallBack(want, resolved.before, error))
      if (older !== undefined) return older
      throw error
    }
  }

  /** Content that is here under another name is ours to give only once this name's upstream said it has it. */
  const confirmElsewhere = async (want: Want): Promise<Resolved | undefined> => {
    const here = knownElsewhere(index, want)
    if (here === undefined) return undefined
    return { entry: await asker.confirm(want, here.size), outcome: 'revalidated', warning: undefined }
  }

  const fetched = async (want: Want): Promise<Document> => {
    asker.checkNegative(want)
    if (want.isKept === false) return await pastCache(deps, want)
    const { result, joined } = documents.fetch(want)
    try {
      return documentOf(want, await result, joined)
    } catch (error) {
      throw asker.rename(want, error)
    }
  }

  const open = async (want: Want, isRepeated = false): Promise<Content> => {
    const resolved = (await resolver.resolve(want)) ?? (await confirmElsewhere(want))
    if (resolved !== undefined) {
      const content = await deps.contents.fromDisk(want, resolved)
      if (content !== undefined) return content
    }
    // It may have landed while we looked.
    const isHere = knownElsewhere(index, want) !== undefined
    if (isHere && !isRepeated && deps.flights.find(want) === undefined) return await open(want, true)
    asker.checkNegative(want)
    try {
      const isPassed = want.isKept === false && deps.flights.find(want) === undefined
      return await (isPassed ? deps.contents.past(want) : deps.contents.fromFlight(want))
    } catch (error) {
      throw asker.rename(want, error)
    }
  }

  return {
    stat,
    read,
    open: (want) => open(want),
    pass: (want, within) => pass(documents, want, within),
    refs: (key) => index.entries.refs(key),
    repositories: (page) => index.entries.repositories(page),
  }
}

async function pass(documents: Documents, want: Want, within: number | undefined): Promise<Document> {
  try {
    return documentOf(want, await documents.pass(want, within), false)
  } catch (error) {
    throw isUpstreamNotFound(error)
      ? new AppError(want.missing, { detail: error.detail, cause: error })
      : error
  }
}

/** What was kept of a name of which nothing newer is kept, while its upstream fails. Throws `error` without it. */
function olderOf({ resolver }: CacheDeps, want: Want, error: unknown): Resolved {
  if (want.isKept !== false || !isUpstreamTrouble(error)) throw error
  return resolver.fallBack(want, undefined, error)
}

/** Nothing is kept of it; where the upstream fails, what was kept before is better than nothing. */
async function pastCache(deps: CacheDeps, want: Want): Promise<Document> {
  try {
    return documentOf(want, await deps.documents.pass(want), false)
  } catch (error) {
    const here = await documentHere(deps, want, olderOf(deps, want, deps.asker.rename(want, error)))
    if (here !== undefined) return here
    throw error
  }
}

/** From memory or disk; undefined when it has to be fetched. */
async function documentHere(
  { index, shelf, hot }: CacheDeps,
  want: Want,
  resolved: Resolved,
): Promise<Document | undefined> {
  const { digest } = resolved.entry
  const known = 'blob' in resolved.entry ? resolved.entry.blob : index.blobs.find(digest)
  const bytes = known === undefined ? hot.get(digest) : await shelf.loadAll({ digest, ...known })
  if (bytes === undefined) return undefined
  return { ...metaOf(want, resolved), digest, size: bytes.length, bytes }
}

/** The blob row of content that is on disk but not yet known under this name. */
function knownElsewhere(index: Index, want: Want): { size: number } | undefined {
  return want.digest !== undefined && isSha256(want.digest) ? index.blobs.find(want.digest) : undefined
}

function isUpstreamNotFound(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'upstream_not_found'
}

function documentOf(want: Want, { bytes, digest, answer, kept }: Fetched, joined: boolean): Document {
  const { headers, mediaType } = entryOf(want, answer, { digest, size: bytes.length, now: 0 })
  const outcome = kept ? (joined ? 'joined' : 'miss') : 'bypass'
  return { digest, size: bytes.length, mediaType, headers, outcome, warning: undefined, bytes }
}
