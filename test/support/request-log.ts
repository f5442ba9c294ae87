import type { IncomingHttpHeaders } from 'node:http'

/** Which of the three servers of a fake upstream was asked. */
export type Role = 'registry' | 'cdn' | 'token'

export type RequestKind =
  | 'ping'
  | 'manifest'
  | 'blob'
  | 'tags'
  | 'referrers'
  | 'catalog'
  | 'token'
  | 'cdn'
  | 'other'

/** One request as it came, and what became of its answer so far. */
export interface RequestRecord {
  /** Milliseconds since the epoch, real time. */
  readonly at: number
  readonly role: Role
  readonly method: string
  /** Raw, as it stood in the request line, without the query. */
  readonly path: string
  /** Raw, without its question mark. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly kind: RequestKind
  readonly repo?: string
  /** Tag or digest; the digest for CDN requests too. */
  readonly ref?: string
  readonly range?: string
  /** Same number, same TCP connection. */
  readonly connection: number
  /** 0 until the head of the answer was sent. */
  status: number
  /** Body bytes the system took from us; what a reader that left never read is among them. */
  bytesSent: number
  /** The whole answer went out as planned. */
  finished: boolean
  /** The answer is over, finished or cut. */
  closed: boolean
}

/** Every field given must be equal. */
export type RequestFilter = Partial<
  Pick<
    RequestRecord,
    'role' | 'method' | 'path' | 'kind' | 'repo' | 'ref' | 'range' | 'status' | 'finished' | 'closed'
  >
>

export interface RequestLog {
  /** Oldest first. The records are live: their status and bytes move on. */
  list(filter?: RequestFilter): RequestRecord[]
  count(filter?: RequestFilter): number
  /** Sum of the body bytes sent. */
  bytes(filter?: RequestFilter): number
  /** Forgets all; answers still running go on unseen. */
  clear(): void
  /**
   * The first record, present or coming, for which the predicate holds. It is asked again on every
   * change of any record. Rejects after `timeoutMs` (10,000) with the list of what came.
   */
  waitFor(predicate: (record: RequestRecord) => boolean, timeoutMs?: number): Promise<RequestRecord>
}

/** The side of the log that the servers write. */
export interface RequestRecorder extends RequestLog {
  add(record: RequestRecord): void
  /** To be called after each change of a record. */
  changed(): void
}

/** Whether the record has every field of the filter. */
export function matchesFilter(record: RequestRecord, filter: RequestFilter): boolean {
  // Object.entries loses the key type; the filter's keys are keys of the record.
  const wanted = Object.entries(filter) as [keyof RequestFilter, unknown][]
  return wanted.every(([key, value]) => value === undefined || record[key] === value)
}

interface Waiter {
  predicate(record: RequestRecord): boolean
  resolve(record: RequestRecord): void
}

export function createRequestLog(): RequestRecorder {
  let records: RequestRecord[] = []
  const waiters = new Set<Waiter>()

  function changed(): void {
    for (const waiter of waiters) {
      const found = records.find((record) => waiter.predicate(record))
      if (found !== undefined) waiter.resolve(found)
    }
  }

  function list(filter: RequestFilter = {}): RequestRecord[] {
    return records.filter((record) => matchesFilter(record, filter))
  }

  return {
    list,
    count: (filter) => list(filter).length,
    bytes: (filter) => list(filter).reduce((sum, record) => sum + record.bytesSent, 0),
    clear() {
      records = []
    },
    waitFor(predicate, timeoutMs = 10_000) {
      const found = records.find((record) => predicate(record))
      if (found !== undefined) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiters.delete(waiter)
          reject(new Error(`no such request within ${timeoutMs} ms; seen:\n${summary(records)}`))
        }, timeoutMs)
        const waiter: Waiter = {
          predicate,
          resolve(record) {
            clearTimeout(timer)
            waiters.delete(waiter)
            resolve(record)
          },
        }
        waiters.add(waiter)
      })
    },
    add(record) {
      records.push(record)
      changed()
    },
    changed,
  }
}

function summary(records: readonly RequestRecord[]): string {
  return records
    .map((r) => `  ${r.role} ${r.method} ${r.path} -> ${r.status}, ${r.bytesSent} bytes, closed ${r.closed}`)
    .join('\n')
}
