import type { Digest, Sha256 } from '../domain/digest.ts'
import type { ErrorCode } from '../domain/errors.ts'
import type { EntryKey, Outcome } from '../domain/names.ts'
import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import type { OriginRequest } from '../upstream/origin.ts'

/** How long an entry may be used without asking, and what to do when asking fails. */
export type Freshness =
  | { readonly kind: 'immutable' }
  | {
      readonly kind: 'revalidate'
      /** Milliseconds since the last confirmation during which nobody is asked. */
      readonly ttl: number
      /** Oldest confirmation, in milliseconds, that is still served when the upstream fails. */
      readonly staleIfError: number
      readonly whenDeleted: 'keep' | 'follow'
      /** HEAD and compare the digest header, or GET with If-None-Match. */
      readonly by: 'digest' | 'etag'
      /** The request costs pull budget there, so it is spared when the budget runs low. */
      readonly metered: boolean
    }

/** What a front end asks of the cache: the one request type. */
export interface Want {
  readonly key: EntryKey
  readonly request: OriginRequest
  /** The content's digest, when the name itself states it. */
  readonly digest: Digest | undefined
  readonly freshness: Freshness
  /** What a 404 of the upstream is called here. */
  readonly missing: ErrorCode
  /** Longest content that is taken, in bytes; 0 = no limit. */
  readonly maxBytes: number
  /** Upstream response headers that are kept with the content, lower case. */
  readonly keepHeaders: readonly string[]
  /** False: it is served, from here too where it is here already, but nothing new is kept for it. */
  readonly isKept?: boolean
  /** For names that only point: how to ask for the content by its digest. */
  readonly byDigest?: (digest: Digest) => Want
}

/** The same, without keeping anything new for it. */
export function unkept(want: Want): Want {
  const { byDigest } = want
  const same = { ...want, isKept: false }
  return byDigest === undefined ? same : { ...same, byDigest: (digest) => unkept(byDigest(digest)) }
}

/** Facts about an answer, without its bytes. */
export interface Meta {
  /** SHA-256 of the content; undefined while an upstream has not said or sent it. */
  readonly digest: Digest | undefined
  /** Bytes of the whole content; undefined when the upstream does not say. */
  readonly size: number | undefined
  readonly mediaType: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly outcome: Outcome
  /** For people, when the answer is stale: why and since when. */
  readonly warning: string | undefined
}

/** A small answer, whole and verified. */
export interface Document extends Meta {
  readonly digest: Sha256
  readonly size: number
  readonly bytes: Buffer
}

/** A large answer, open for reading. Must be closed. */
export interface Content extends Meta {
  /** All of it, when it is small and in memory. */
  readonly bytes?: Buffer
  /** A run over `range`, or over everything; the outcome may differ for a range far ahead of the download. */
  read(range: ByteRange | undefined): Promise<{ run: Run; outcome: Outcome }>
  close(): void
}
