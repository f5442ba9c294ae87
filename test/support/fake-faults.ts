import type { RequestKind, RequestRecord, Role } from './request-log.ts'

/**
 * What goes wrong with one answer. Keys can be combined: slow and cut, say.
 * Body counts are bytes of that body; bodies not longer than such a count go untouched.
 */
export interface Fault {
  /** Milliseconds before the head of the answer. */
  readonly latencyMs?: number
  /** Answers this status instead; alone with the OCI error that fits, or with `body`. */
  readonly status?: number
  readonly body?: string | Buffer
  /** Sets headers of the answer, whatever it is; null removes one. */
  readonly headers?: Readonly<Record<string, string | null>>
  /** TCP reset after so many bytes. */
  readonly resetAfter?: number
  /** The connection ends after so many bytes; Content-Length promised them all. */
  readonly truncateAfter?: number
  /** Flips the bits of the byte at this offset of the whole content; -1 is the last one. */
  readonly corruptAt?: number
  /** Goes silent, for good, before the head or after so many bytes. */
  readonly hang?: 'headers' | { readonly afterBytes: number }
  readonly drip?: { readonly bytesPerSecond: number }
  /** Answers the whole body with 200, whatever range was asked. */
  readonly ignoreRange?: true
  /** A range begins so many bytes later (or earlier) than asked, and Content-Range admits it. */
  readonly wrongRangeStart?: number
  /** The validator is this one now, quotes included; If-Range is judged against it. */
  readonly etag?: string
  /** `omit` is chunked; a number is announced whatever the body's length is. */
  readonly contentLength?: 'omit' | number
  /** No length and no chunks: the end of the connection is the end of the body (HTTP/1.0). */
  readonly closeDelimited?: true
  /** The bearer token of this request is no longer valid; at the token service: it grants one that never was. */
  readonly expireToken?: true
  /** At the CDN: this signed URL is no longer valid. At the registry: it redirects to one that never was. */
  readonly expireRedirect?: true
  /** Redirects there with `status` (307). */
  readonly redirectTo?: string
  /** 401 with this WWW-Authenticate. */
  readonly challenge?: string
  /** So many bytes more than Content-Length says. */
  readonly extraBytes?: number
  /** The connection ends without a word. */
  readonly close?: true
  /** Two Content-Length headers that disagree. */
  readonly duplicateContentLength?: true
  /** One header of 64 KiB. */
  readonly hugeHeader?: true
  /** Really compresses the body and says so. */
  readonly contentEncoding?: 'gzip'
  /** Another body under the same headers, its length fitting. */
  readonly swapBody?: Buffer
}

/** Which requests a fault meets; every field given must be equal. */
export interface FaultMatch {
  readonly kind?: RequestKind
  readonly method?: string
  readonly repo?: string
  readonly ref?: string
  readonly role?: Role
  /** Only the nth request (from 1) since the rule was added that fits the other fields. */
  readonly nth?: number
  /** Only requests with, or without, a Range header. */
  readonly ranged?: boolean
}

export interface FaultRule {
  readonly when?: FaultMatch
  /** How often it strikes; for ever by default. */
  readonly times?: number
  readonly fault: Fault
}

export interface AddedFault {
  /** How often it struck. */
  readonly struck: number
  remove(): void
}

export interface Faults {
  /** Of several rules that fit, the one added first strikes; a rule that is used up makes way for the next. */
  add(rule: FaultRule): AddedFault
  clear(): void
}

/** The side of the rules that the servers ask. */
export interface FaultPicker extends Faults {
  /** The fault for this request, which counts as one strike. */
  pick(record: RequestRecord): Fault
}

interface Entry {
  readonly rule: FaultRule
  seen: number
  struck: number
}

const NO_FAULT: Fault = {}

export function createFaults(): FaultPicker {
  const entries = new Set<Entry>()
  return {
    add(rule) {
      const entry: Entry = { rule, seen: 0, struck: 0 }
      entries.add(entry)
      return {
        get struck() {
          return entry.struck
        },
        remove: () => void entries.delete(entry),
      }
    },
    clear: () => entries.clear(),
    pick(record) {
      const fitting = [...entries].filter(({ rule }) => fits(rule.when ?? {}, record))
      for (const entry of fitting) entry.seen += 1
      const chosen = fitting.find(isDue)
      if (chosen === undefined) return NO_FAULT
      chosen.struck += 1
      return chosen.rule.fault
    },
  }
}

function isDue({ rule, seen, struck }: Entry): boolean {
  const nth = rule.when?.nth
  return (nth === undefined || seen === nth) && struck < (rule.times ?? Number.POSITIVE_INFINITY)
}

function fits(when: FaultMatch, record: RequestRecord): boolean {
  return (
    (when.kind === undefined || when.kind === record.kind) &&
    (when.method === undefined || when.method === record.method) &&
    (when.repo === undefined || when.repo === record.repo) &&
    (when.ref === undefined || when.ref === record.ref) &&
    (when.role === undefined || when.role === record.role) &&
    (when.ranged === undefined || when.ranged === (record.range !== undefined))
  )
}
