import { algorithmOf, digestOf, parseDigest } from '../../src/domain/digest.ts'

/** An answer of a registry under `/v2/` as a client got it. */
export interface LintedAnswer {
  readonly request: { readonly method: string; readonly path: string }
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
  /** False when the body was cut: what depends on the whole of it is not judged then. */
  readonly complete: boolean
}

type Check = (answer: LintedAnswer) => string | undefined

/** Codes of the OCI distribution spec, and the older ones clients know. */
const CODES: ReadonlySet<string> = new Set(
  (
    'BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID ' +
    'MANIFEST_UNKNOWN NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS ' +
    'TAG_INVALID RANGE_INVALID UNKNOWN UNAVAILABLE PAGINATION_NUMBER_INVALID'
  ).split(' '),
)
const OUTCOMES = ['hit', 'miss', 'joined', 'revalidated', 'stale', 'bypass']

const CHECKS: readonly Check[] = [
  contentLength,
  noBodyWhereNone,
  contentDigest,
  manifestType,
  noEncoding,
  apiVersion,
  outcome,
  contentRange,
  errorShape,
]

/** Every rule of the protocol that this answer breaks, one sentence each; none is an empty list. */
export function lintResponse(answer: LintedAnswer): string[] {
  return CHECKS.flatMap((check) => check(answer) ?? [])
}

/** Whether a path belongs to the registry and nothing else. */
export function isRegistryPath(path: string): boolean {
  return path === '/v2' || path.startsWith('/v2/') || path.startsWith('/v2?')
}

function header(answer: LintedAnswer, name: string): string | undefined {
  const value = answer.headers[name]
  return typeof value === 'string' || value === undefined ? value : value.join(', ')
}

const isHead = (answer: LintedAnswer) => answer.request.method === 'HEAD'

/** Manifests and blobs carry what a digest names; everything else is made for the question. */
function nounOf(answer: LintedAnswer): 'manifests' | 'blobs' | undefined {
  const noun = /\/(manifests|blobs)\/[^/]+$/.exec(answer.request.path.split('?')[0] ?? '')?.[1]
  return noun === 'manifests' || noun === 'blobs' ? noun : undefined
}

function contentLength(answer: LintedAnswer): string | undefined {
  const told = header(answer, 'content-length')
  if (isHead(answer) || !answer.complete || told === undefined || answer.status === 304) return undefined
  return Number(told) === answer.body.length
    ? undefined
    : `Content-Length is ${told}, the body has ${answer.body.length} bytes`
}

function noBodyWhereNone(answer: LintedAnswer): string | undefined {
  const none = isHead(answer) || answer.status === 304 || answer.status === 204
  return none && answer.body.length > 0 ? `${answer.body.length} bytes where no body may be` : undefined
}

function contentDigest(answer: LintedAnswer): string | undefined {
  const told = header(answer, 'docker-content-digest')
  if (told === undefined || answer.status !== 200 || nounOf(answer) === undefined) return undefined
  const digest = parseDigest(told)
  if (digest === undefined) return `Docker-Content-Digest is no digest: ${told}`
  if (isHead(answer) || !answer.complete) return undefined
  const real = digestOf(answer.body, algorithmOf(digest))
  return real === digest ? undefined : `Docker-Content-Digest is ${told}, the body is ${real}`
}

function manifestType(answer: LintedAnswer): string | undefined {
  if (answer.status !== 200 || nounOf(answer) !== 'manifests') return undefined
  const type = header(answer, 'content-type') ?? ''
  if (type === '') return 'a manifest without Content-Type'
  return type.includes(';') ? `Content-Type of a manifest has parameters: ${type}` : undefined
}

function noEncoding(answer: LintedAnswer): string | undefined {
  const encoding = header(answer, 'content-encoding')
  return encoding === undefined ? undefined : `Content-Encoding is ${encoding}`
}

function apiVersion(answer: LintedAnswer): string | undefined {
  const version = header(answer, 'docker-distribution-api-version')
  return version === 'registry/2.0' ? undefined : `Docker-Distribution-API-Version is ${version ?? 'missing'}`
}

function outcome(answer: LintedAnswer): string | undefined {
  const word = header(answer, 'x-cache')
  return word === undefined || OUTCOMES.includes(word) ? undefined : `X-Cache says ${word}`
}

function contentRange(answer: LintedAnswer): string | undefined {
  if (answer.status !== 206) return undefined
  const told = header(answer, 'content-range') ?? 'missing'
  if (header(answer, 'content-type')?.startsWith('multipart/byteranges')) return undefined
  const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(told) ?? []
  const size = Number(end) - Number(start) + 1
  const inside = total === '*' || Number(end) < Number(total)
  if (!inside || !(size > 0)) return `Content-Range of a 206 is ${told}`
  const length = header(answer, 'content-length')
  const fits = length === undefined || Number(length) === size
  const whole = isHead(answer) || !answer.complete || answer.body.length === size
  return fits && whole
    ? undefined
    : `Content-Range is ${told}, the body has ${length ?? answer.body.length} bytes`
}

function errorShape(answer: LintedAnswer): string | undefined {
  if (answer.status < 400 || isHead(answer) || !answer.complete) return undefined
  const type = header(answer, 'content-type') ?? 'missing'
  if (type.split(';')[0] !== 'application/json') return `Content-Type of an error is ${type}`
  const problem = judgeErrors(answer.body.toString())
  return problem === undefined ? undefined : `the error body is not OCI: ${problem}`
}

function judgeErrors(text: string): string | undefined {
  const parsed = parseJson(text)
  const errors = isRecord(parsed) ? parsed.errors : undefined
  if (!Array.isArray(errors) || errors.length === 0) return `no errors in ${text.slice(0, 100)}`
  for (const error of errors as unknown[]) {
    if (!isRecord(error) || typeof error.code !== 'string') return 'an error without code'
    if (!CODES.has(error.code)) return `unknown code ${error.code}`
    if (typeof error.message !== 'string' || error.message === '') return `${error.code} without message`
  }
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
