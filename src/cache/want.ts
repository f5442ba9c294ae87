import type { Digest, Sha256 } from '../domain/digest.ts'
import { AppError, type ErrorCode } from '../domain/errors.ts'
import { type EntryKey, keyText, type Outcome } from '../domain/names.ts'
import type { ByteRange } from '../domain/range.ts'
import type { Run } from '../domain/run.ts'
import { MIB } from '../domain/units.ts'
import type { OriginHead, OriginRequest } from '../upstream/origin.ts'

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
      /**
       * digest: HEAD and compare the digest it states. etag: GET with If-None-Match, for small documents. validator:
       * HEAD and compare ETag, or Last-Modified and length, for files of any size; what moved is fetched anew.
       */
      readonly by: 'digest' | 'etag' | 'validator'
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
  readonly missing: ErrorCode | Missing
  /** Whether its upstream says in another way that it does not have it, and says so to everybody. */
  readonly isAbsence?: (error: AppError) => boolean
  /** Longest content that is taken, in bytes; 0 = no limit. */
  readonly maxBytes: number
  /** Upstream response headers that are kept with the content, lower case. */
  readonly keepHeaders: readonly string[]
  /** False: it is served, from here too where it is here already, but nothing new is kept for it. */
  readonly isKept?: boolean
  /** For names that only point: how to ask for the content by its digest. */
  readonly byDigest?: (digest: Digest) => Want
  /**
   * With `byDigest`, for upstreams that state a digest in a way of their own, in the answer or in `hops`: it stands
   * for docker-content-digest. Cold content is asked about by HEAD first then, so that what is here is not fetched.
   */
  readonly digestIn?: (head: OriginHead) => Digest | undefined
  /** Length of the content where Content-Length does not state it. */
  readonly sizeIn?: (head: OriginHead) => number | undefined
  /**
   * Judges the whole content before its last byte leaves and before it is kept: throws AppError `upstream_invalid` for
   * what is not right. Not asked about ranges of what passes by unkept, nor about what of that is longer than
   * `MOST_CHECKED_IN_MEMORY` while the disk has no room for it.
   */
  readonly check?: (content: Unproven) => Promise<void>
  /**
   * For `read` alone: the upstream is asked by HEAD and what is kept of its answer is a document of no bytes. Its
   * `headers` are those of `keepHeaders`, "location" among them where a redirect is not followed.
   */
  readonly headOnly?: true
  /** Its upstream said in another way that it has this digest, of that many bytes: it is not asked again by HEAD. */
  readonly vouched?: { readonly size: number }
}

/** Content that was received whole and is known to be right only as far as its digest says. */
export interface Unproven {
  readonly size: number
  /** Of the bytes themselves. */
  readonly digest: Sha256
  /** All of it, when it is a document. */
  readonly bytes?: Buffer
  /** Fills the buffer from `position` on and returns how many bytes there were: fewer at the end only. */
  read(buffer: Buffer, position: number): Promise<number>
}

/** What is not there, in the words of a protocol. */
export interface Missing {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
}

/** The error for what its upstream does not have. */
export function missingError({ missing }: Want, cause: AppError): AppError {
  const { detail } = cause
  if (typeof missing === 'string') return new AppError(missing, { detail, cause })
  const { code, message, hint } = missing
  return new AppError(code, { message, hint, detail, cause })
}

/** Content that is not kept is judged in memory up to so many bytes. */
export const MOST_CHECKED_IN_MEMORY = 8 * MIB

/** What is asked of whom, as one string: the same name asked of another upstream is another question. */
export function questionOf({ key, request }: Want): string {
  return `${keyText(key)}\0${request.upstream}`
}

/** A file of any size that is confirmed by what its upstream says of it. */
export function isByValidator({ freshness }: Want): boolean {
  return freshness.kind === 'revalidate' && freshness.by === 'validator'
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
