import type { ErrorCode } from '../domain/errors.ts'
import type { Outcome } from '../domain/names.ts'

/** A request that was answered. */
export interface Answered {
  readonly id: string
  /** When it began. */
  readonly at: number
  readonly client: string
  readonly who: string | undefined
  readonly userAgent: string
  readonly method: string
  /** The name, else the path. */
  readonly name: string
  /** What rules call its repository, of all but images: "hf:org/model". */
  readonly target: string | undefined
  /** Undefined where it was not even clear what the request is about. */
  readonly upstream: string | undefined
  readonly status: number
  readonly outcome: Outcome | undefined
  readonly bytes: number
  readonly ms: number
  readonly error: ErrorCode | undefined
}

export interface RequestsAsk {
  readonly matches: (request: Answered) => boolean
  readonly limit: number
  /** The last one of the page before. */
  readonly cursor?: string | undefined
}

export interface RequestsPage {
  /** Those that ended last come first. */
  readonly items: readonly Answered[]
  /** Undefined where nothing more matches. It tells nothing of requests that do not. */
  readonly nextCursor: string | undefined
}

export interface Requests {
  add(request: Answered): void
  /** Behind a request that is forgotten there is nothing. */
  page(ask: RequestsAsk): RequestsPage
}

/** Requests that are remembered. */
export const MOST_REQUESTS = 5000

/** The last requests, in memory. */
export function createRequests(most = MOST_REQUESTS): Requests {
  const ring: Answered[] = []
  let count = 0

  /** The latest first. */
  function* backwards(): Generator<Answered> {
    for (let at = count - 1; at >= Math.max(0, count - most); at--) {
      const request = ring[at % most]
      if (request !== undefined) yield request
    }
  }
  return {
    add: (request) => {
      ring[count % most] = request
      count++
    },
    page: ({ matches, limit, cursor }) => {
      const items: Answered[] = []
      let isBehind = cursor === undefined
      for (const request of backwards()) {
        if (!isBehind) isBehind = request.id === cursor
        else if (!matches(request)) continue
        else if (items.length < limit) items.push(request)
        else return { items, nextCursor: items.at(-1)?.id }
      }
      return { items, nextCursor: undefined }
    },
  }
}
