import { AppError } from '../domain/errors.ts'
import { VERSION } from '../domain/version.ts'
import type { RawAnswer } from './exchange.ts'
import type { OriginHead, OriginOptions, OriginRequest } from './origin.ts'
import { isRedirect } from './redirect.ts'

const USER_AGENT = `cachalot/${VERSION}`

/** About the connection or the caller, not about the content. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'set-cookie',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'www-authenticate',
])

/** Codings that leave the bytes as they are once their frame is taken off (RFC 9112 §7). */
const UNPACKED = {
  'content-encoding': new Set(['', 'identity']),
  'transfer-encoding': new Set(['', 'identity', 'chunked']),
}

/** Everything we ever send, credentials aside. Bytes are wanted as they are stored, never packed. */
export function requestHeaders(request: OriginRequest, options: OriginOptions): Record<string, string> {
  const { from, to, ifRange, ifNoneMatch } = options
  return {
    'user-agent': request.userAgent ?? USER_AGENT,
    'accept-encoding': 'identity',
    ...(request.form === undefined ? {} : { 'content-type': request.form.type }),
    ...(request.accept === undefined ? { accept: '*/*' } : { accept: request.accept }),
    ...(from === undefined ? {} : { range: `bytes=${from}-${to ?? ''}` }),
    ...(from === undefined || ifRange === undefined ? {} : { 'if-range': ifRange }),
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
  }
}

/** The same set for a token service. */
export function tokenHeaders(authorization: string | undefined): Record<string, string> {
  return {
    'user-agent': USER_AGENT,
    'accept-encoding': 'identity',
    accept: 'application/json',
    ...(authorization === undefined ? {} : { authorization }),
  }
}

/** Head of an answer that is passed on. Throws upstream_invalid when it is not an answer to what was asked. */
export function headOf(answer: RawAnswer, upstream: string, options: OriginOptions): OriginHead {
  const { status, headers } = answer
  const invalid = (said: string) => new AppError('upstream_invalid', { detail: { upstream, status, said } })
  const contentRange = parseContentRange(headers['content-range'])
  if (status === 304 && options.ifNoneMatch === undefined) throw invalid('a 304 nobody asked for')
  if ((status === 206 || status === 416) && options.from === undefined) {
    throw invalid('a range nobody asked for')
  }
  if (status === 206 && !answersRange(contentRange, answer, options)) {
    throw invalid('the range is not the one that was asked for')
  }
  for (const [name, plain] of Object.entries(UNPACKED)) {
    const coding = headers[name]?.trim().toLowerCase() ?? ''
    if (status < 300 && !plain.has(coding)) {
      throw invalid(`${name} ${coding.slice(0, 40)}, but identity was asked for`)
    }
  }
  return {
    status,
    headers: passedOn(headers),
    // What a redirect says of its own text says nothing of the content.
    contentLength: isRedirect(status) ? undefined : parseLength(headers['content-length']),
    contentRange: status === 206 || status === 416 ? contentRange : undefined,
    contentType: isRedirect(status) ? undefined : typeIn(headers['content-type']),
    etag: headers.etag,
  }
}

/** What may be told of an answer: neither what is about the connection nor what is for one client alone. */
export function passedOn(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name)))
}

function typeIn(text: string | undefined): string | undefined {
  return text?.split(';')[0]?.trim().toLowerCase() || undefined
}

function parseLength(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

type ContentRange = NonNullable<OriginHead['contentRange']>

/** `bytes 0-9/100`, `bytes 0-9/*` and `bytes * /100` (RFC 9110 §14.4); a 416 has neither start nor end (-1). */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = /^bytes\s+(?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(text?.trim() ?? '')
  if (match === null) return undefined
  const total = match[3] === '*' ? undefined : Number(match[3])
  if (match[1] === undefined) return total === undefined ? undefined : { start: -1, end: -1, total }
  const start = Number(match[1])
  const end = Number(match[2])
  return start <= end && (total === undefined || end < total) ? { start, end, total } : undefined
}

function answersRange(range: ContentRange | undefined, answer: RawAnswer, options: OriginOptions): boolean {
  if (range === undefined || range.start < 0 || range.start !== options.from) return false
  if (options.to !== undefined && range.end > options.to) return false
  const length = parseLength(answer.headers['content-length'])
  return length === undefined || length === range.end - range.start + 1
}
