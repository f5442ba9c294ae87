import type { Digest } from '../domain/digest.ts'
import { AppError } from '../domain/errors.ts'
import type { EntryKey, FrontEndName } from '../domain/names.ts'
import { statedSize } from './asker.ts'
import type { Documents, Fetched } from './documents.ts'
import { confirmElsewhere, knownElsewhere } from './elsewhere.ts'
import type { Hot } from './hot.ts'
import { sourceOf } from './landing.ts'
import { answerMeta, metaOf } from './meta.ts'
import { olderOf, orOlder } from './older.ts'
import { createOpening, type OpeningDeps } from './opening.ts'
import type { Resolved } from './recheck.ts'
import type { Shelf } from './shelf.ts'
import { type Content, type Document, type Meta, missingError, type Want } from './want.ts'

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
  /**
   * The upstream that the cached answer under this name came from, for front ends that ask several: it is the one to
   * confirm it. Undefined where nothing is cached.
   */
  source(key: EntryKey): string | undefined
  /** What a name leads to, as far as that is known here; nobody is asked, and no use is counted. */
  digest(key: EntryKey): Digest | undefined
  /** Refs of one kind that are cached in a repository. */
  refs(key: Omit<EntryKey, 'ref'>): readonly string[]
  repositories(page: {
    frontEnd: FrontEndName
    upstream?: string
    last: string
    limit: number
  }): readonly string[]
}

export interface CacheDeps extends OpeningDeps {
  readonly hot: Hot
  readonly shelf: Shelf
  readonly documents: Documents
}

export function createCache(deps: CacheDeps): Cache {
  const { index, resolver, asker, documents, contents } = deps

  const stat = async (want: Want): Promise<Meta> => {
    const resolved = await resolver.resolve(want)
    if (resolved !== undefined) return factsOf(want, resolved)
    const here = knownElsewhere(index, want)
    if (here !== undefined) {
      const entry = await asker.confirm(want, here.size)
      return metaOf(want, { entry, outcome: 'revalidated', warning: undefined })
    }
    const running = await contents.running(want)
    if (running !== undefined) return running
    try {
      return await asked(want)
    } catch (error) {
      const older = olderOf(deps, want, error)
      if (older === undefined) throw error
      return metaOf(want, older)
    }
  }

  const asked = async (want: Want): Promise<Meta> => {
    const { head, digest } = await asker.ask(want)
    return { ...answerMeta(want, head, { size: statedSize(want, head), outcome: 'miss' }), digest }
  }

  const read = async (want: Want): Promise<Document> => {
    const resolved = (await resolver.resolve(want)) ?? (await confirmElsewhere(deps, want))
    if (resolved === undefined || resolved.moved !== undefined) return await fetched(want)
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

  const fetched = (want: Want): Promise<Document> => {
    const fetch = async (): Promise<Document> => {
      asker.checkNegative(want)
      if (want.isKept === false) return documentOf(want, await documents.pass(want), false)
      const { result, joined } = documents.fetch(want)
      return documentOf(want, await result, joined)
    }
    return orOlder(deps, want, fetch, (older) => documentHere(deps, want, older))
  }

  return {
    stat,
    read,
    open: createOpening(deps),
    pass: (want, within) => pass(documents, want, within),
    source: (key) => sourceOf(key, index.entries.find(key)),
    digest: (key) => index.entries.find(key)?.digest,
    refs: (key) => index.entries.refs(key),
    repositories: (page) => index.entries.repositories(page),
  }
}

/** Facts of what is cached, or of newer content that is not here. */
function factsOf(want: Want, resolved: Resolved): Meta {
  const { moved } = resolved
  if (moved === undefined) return metaOf(want, resolved)
  return answerMeta(want, moved, { size: statedSize(want, moved), outcome: 'miss' })
}

async function pass(documents: Documents, want: Want, within: number | undefined): Promise<Document> {
  try {
    return documentOf(want, await documents.pass(want, within), false)
  } catch (error) {
    throw isUpstreamNotFound(error) ? missingError(want, error) : error
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

function isUpstreamNotFound(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'upstream_not_found'
}

function documentOf(want: Want, { bytes, digest, answer, kept }: Fetched, joined: boolean): Document {
  const outcome = kept ? (joined ? 'joined' : 'miss') : 'bypass'
  const size = bytes.length
  return { ...answerMeta(want, answer, { size, outcome }), digest, size, bytes }
}
