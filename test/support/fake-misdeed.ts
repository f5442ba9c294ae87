import { gzipSync } from 'node:zlib'
import { type Answer, type Ask, answerBytes, answerError, rangeHeader, withHeader } from './fake-answer.ts'
import { contentBytes } from './fake-content.ts'
import type { Fault } from './fake-faults.ts'
import type { RequestKind } from './request-log.ts'

/** What a fault makes of a request before anybody answers it. */
export function misreadAsk(ask: Ask, fault: Fault): Ask {
  const { range: _range, ...others } = ask.headers
  return {
    ...ask,
    headers: fault.ignoreRange === true ? others : ask.headers,
    ...(fault.etag === undefined ? {} : { etag: fault.etag }),
  }
}

/** The answer a fault gives in place of the real one, if it has its own. */
export function replaceAnswer(fault: Fault, kind: RequestKind): Answer | undefined {
  if (fault.challenge !== undefined) {
    return answerError(401, 'UNAUTHORIZED', 'authentication required', {
      'WWW-Authenticate': fault.challenge,
    })
  }
  if (fault.redirectTo !== undefined) {
    return answerBytes(fault.status ?? 307, { Location: fault.redirectTo }, '')
  }
  if (fault.status === undefined) return undefined
  if (fault.body !== undefined) return answerBytes(fault.status, { 'Content-Type': 'text/plain' }, fault.body)
  return answerError(fault.status, codeOf(fault.status, kind), `the fake was told to answer ${fault.status}`)
}

function codeOf(status: number, kind: RequestKind): string {
  if (status === 404) return kind === 'blob' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN'
  return CODES[status] ?? 'UNKNOWN'
}

const CODES: Record<number, string> = {
  400: 'NAME_INVALID',
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  405: 'UNSUPPORTED',
  416: 'RANGE_INVALID',
  429: 'TOOMANYREQUESTS',
  503: 'UNAVAILABLE',
}

/** What a fault makes of a ready answer, before it is sent. */
export function distortAnswer(answer: Answer, fault: Fault): Answer {
  let told = answer
  if (fault.wrongRangeStart !== undefined) told = shiftRange(told, fault.wrongRangeStart)
  if (fault.swapBody !== undefined && told.body.end > 0) told = swapBody(told, fault.swapBody)
  if (fault.contentEncoding !== undefined) told = compress(told)
  if (fault.etag !== undefined && 'ETag' in told.headers) told = withHeader(told, 'ETag', fault.etag)
  if (fault.contentLength === 'omit' || fault.closeDelimited) told = withHeader(told, 'Content-Length', null)
  if (typeof fault.contentLength === 'number') {
    told = withHeader(told, 'Content-Length', String(fault.contentLength))
  }
  if (fault.hugeHeader) told = withHeader(told, 'X-Huge', 'x'.repeat(64 * 1024))
  for (const [name, value] of Object.entries(fault.headers ?? {})) told = withHeader(told, name, value)
  return told
}

function shiftRange(answer: Answer, delta: number): Answer {
  if (answer.status !== 206) return answer
  const { content, end } = answer.body
  const start = Math.max(0, Math.min(end - 1, answer.body.start + delta))
  const headers = { ...answer.headers, ...rangeHeader(start, end, content.size) }
  return {
    ...answer,
    headers: { ...headers, 'Content-Length': String(end - start) },
    body: { content, start, end },
  }
}

function swapBody(answer: Answer, bytes: Buffer): Answer {
  return answerBytes(answer.status, { ...answer.headers }, bytes)
}

function compress(answer: Answer): Answer {
  const { content, start, end } = answer.body
  const headers = { ...answer.headers, 'Content-Encoding': 'gzip' }
  return answerBytes(answer.status, headers, gzipSync(contentBytes(content, start, end)))
}
