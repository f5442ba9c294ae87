import type { IncomingHttpHeaders } from 'node:http'
import { bytesContent, type Content } from './fake-content.ts'
import { matchesETag, resolveRange } from './fake-range.ts'

/** A request as the parts of the fake see it, after a fault may have changed it. */
export interface Ask {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** What a fault wants the validator to be. */
  readonly etag?: string
}

/** The bytes from `start` to `end` (exclusive) of a content. */
export interface Body {
  readonly content: Content
  readonly start: number
  readonly end: number
}

/** A whole answer before it is sent. Header names are spelled as on the wire. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

const NOTHING: Body = { content: bytesContent(Buffer.alloc(0)), start: 0, end: 0 }

/** An answer without body and without a word about its length, as 304 must be. */
export function answerEmpty(status: number, headers: Record<string, string>): Answer {
  return { status, headers, body: NOTHING }
}

/** An answer whose body is in memory; sets Content-Length. */
export function answerBytes(status: number, headers: Record<string, string>, bytes: Buffer | string): Answer {
  const body = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  return {
    status,
    headers: { ...headers, 'Content-Length': String(body.length) },
    body: { content: bytesContent(body), start: 0, end: body.length },
  }
}

export function answerJson(status: number, json: unknown, headers: Record<string, string> = {}): Answer {
  return answerBytes(status, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(json))
}

/** The OCI error shape (OCI distribution spec, "Error Codes"). */
export function answerError(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  return answerJson(status, { errors: [{ code, message }] }, headers)
}

/** Sets or (null) removes a header, however the answer spells its name. */
export function withHeader(answer: Answer, name: string, value: string | null): Answer {
  const others = Object.entries(answer.headers).filter(([key]) => key.toLowerCase() !== name.toLowerCase())
  const headers = Object.fromEntries(value === null ? others : [...others, [name, value]])
  return { ...answer, headers }
}

/** What a server knows of a file it serves with conditions and ranges. */
export interface FileFacts {
  readonly content: Content
  readonly etag: string
  readonly headers: Record<string, string>
}

/** Conditions first, then ranges (RFC 9110 §13.2.2 and §14); a 206 carries the headers of a 200. */
export function answerFile(ask: Ask, { content, etag, headers }: FileFacts): Answer {
  const shared = { ...headers, ETag: etag, 'Accept-Ranges': 'bytes' }
  if (matchesETag(ask.headers['if-none-match'], etag)) {
    return answerEmpty(304, { ETag: etag })
  }
  const ifRange = ask.headers['if-range']
  const ranged = ask.method === 'GET' && (ifRange === undefined || ifRange === etag)
  const span = resolveRange(ranged ? ask.headers.range : undefined, content.size)
  switch (span.kind) {
    case 'outside':
      return answerError(416, 'RANGE_INVALID', 'the range lies outside of the blob', {
        'Content-Range': `bytes */${content.size}`,
      })
    case 'whole':
      return answerPart(200, shared, { content, start: 0, end: content.size })
    case 'part':
      return answerPart(
        206,
        { ...shared, ...rangeHeader(span.start, span.end, content.size) },
        { content, ...span },
      )
    default:
      return span satisfies never
  }
}

export function rangeHeader(start: number, end: number, size: number): Record<string, string> {
  return { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }
}

function answerPart(status: number, headers: Record<string, string>, { content, start, end }: Body): Answer {
  return {
    status,
    headers: { ...headers, 'Content-Length': String(end - start) },
    body: { content, start, end },
  }
}
