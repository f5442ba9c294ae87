import type { Readable } from 'node:stream'

/** What is asked of an upstream. The client adds host, credentials and everything about the connection. */
export interface OriginRequest {
  /** Configured name of the upstream, "docker.io". */
  readonly upstream: string
  /** Path and query on that upstream, "/v2/library/nginx/manifests/latest". */
  readonly path: string
  /**
   * Address that this upstream told instead: asked as if it had redirected there, so only where its redirects may lead.
   * Its credentials stay behind.
   */
  readonly at?: string
  /** Repository for the bearer scope `repository:<name>:pull`; undefined asks for no scope. */
  readonly repository?: string
  readonly accept?: string
  /** For upstreams of files: their token goes along, as far as this upstream's own origin. */
  readonly withToken?: boolean
  /**
   * False: a redirect is an answer like others, told by its status and location, without its body. home: only one that
   * leads away from this upstream's own origin is. Otherwise redirects are followed.
   */
  readonly follow?: boolean | 'home'
  /** Asked before a redirect is followed: false ends the call with AppError `not_found`, whose detail says `movedTo`. */
  readonly mayFollow?: (to: URL) => boolean
  /** Goes along by POST, for questions that do not fit an address; they are asked and repeated like any other. */
  readonly form?: { readonly type: string; readonly text: string | Buffer }
  /** Further headers, lower case, as far as this upstream's own origin, or that of `at`. */
  readonly own?: Readonly<Record<string, string>>
  /** Instead of our own name, where an upstream answers one kind of client only. */
  readonly userAgent?: string
}

export interface OriginOptions {
  readonly signal?: AbortSignal
  /** First byte wanted: sent as `Range: bytes=<from>-`. */
  readonly from?: number
  /** Last byte wanted, inclusive; only with `from`. */
  readonly to?: number
  /** Validator sent as If-Range beside a range. */
  readonly ifRange?: string
  readonly ifNoneMatch?: string
  /** Milliseconds until headers must be here, when shorter than the client's own limit. */
  readonly headersWithin?: number
  /** False: what failed in passing is not asked again. A kept-alive connection that had died of age is no failure. */
  readonly repeat?: boolean
}

/** The part of an answer that comes before its body. */
export interface OriginHead {
  /** 200, 206, 304 or 416, and redirects that were not to be followed; everything else is thrown as AppError. */
  readonly status: number
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
  /** Length of this body in bytes; undefined when the upstream did not say. */
  readonly contentLength: number | undefined
  /** Parsed Content-Range of a 206 (or of a 416, where start and end are -1). */
  readonly contentRange: { start: number; end: number; total: number | undefined } | undefined
  /** Without parameters. */
  readonly contentType: string | undefined
  readonly etag: string | undefined
  /** Of upstreams of files: the headers of the redirects that led here, in order. */
  readonly hops?: readonly Readonly<Record<string, string>>[]
}

/** An open answer. The body must be read to its end or destroyed. */
export interface OriginResponse {
  readonly head: OriginHead
  readonly body: Readable
}

/** Pull budget that an upstream told us, in its own units. */
export interface RateLimit {
  readonly limit: number
  readonly remaining: number
  /** Length of the window in seconds. */
  readonly window: number
  /** When it was said, milliseconds. */
  readonly seenAt: number
}

/** Of the breaker. `due`: open, but the next request may go out as a probe; all others fail at once. */
export type Health = 'closed' | 'open' | 'due'

/** The only door to the outside. */
export interface OriginClient {
  /** Headers within the limits, or AppError `upstream_*`. Follows redirects, answers token challenges, retries what is transient. */
  get(request: OriginRequest, options?: OriginOptions): Promise<OriginResponse>
  head(request: OriginRequest, options?: OriginOptions): Promise<OriginHead>
  /** Last seen pull budget of that upstream. */
  rateLimit(upstream: string): RateLimit | undefined
  /** Whether a request would go out now. */
  health(upstream: string): Health
  /** How long, in ms, a revalidation should wait for this upstream before stale content is served. */
  patience(upstream: string): number
  /**
   * Tells when this upstream failed and is about to be asked again, and how ("answered 503"); what comes back ends that.
   * Whoever has something else to serve need not wait for the repetition.
   */
  onStumble(upstream: string, tell: (how: string) => void): () => void
  close(): Promise<void>
}
