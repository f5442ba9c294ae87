import type { Clock } from '../domain/clock.ts'
import { AppError, type ErrorCode } from '../domain/errors.ts'
import { KIB } from '../domain/units.ts'
import type { RawAnswer } from './exchange.ts'
import { parseRetryAfter, secondsToReset, waitOf } from './rate-limit.ts'
import { readSome } from './read-all.ts'
import { redact, saidIn } from './said.ts'
import type { UpstreamSettings } from './settings.ts'

const MOST_READ = 64 * KIB
const READ_WITHIN = 1000
const MOST_TOLD = 500

export interface RefusalContext {
  readonly upstream: string
  readonly kind?: UpstreamSettings['kind']
  readonly clock: Clock
  /** What may never be quoted. */
  readonly secrets: readonly string[]
}

/** The AppError for an answer that is none of ours to pass on. Reads or drops its body; never throws. */
export async function refusalOf(answer: RawAnswer, context: RefusalContext): Promise<AppError> {
  const { status, headers } = answer
  const body = await readSome(answer.body, MOST_READ, READ_WITHIN)
  const packed = (headers['content-encoding'] ?? 'identity') !== 'identity'
  const type = headers['content-type']?.split(';')[0]?.trim()
  const said = packed ? undefined : (saidIn(type, body, context.secrets) ?? pageIn(type))
  const isOfFiles = context.kind === 'files'
  const code = isOfFiles && isSpent(answer) ? 'upstream_rate_limited' : codeOf(status)
  const wait = waitIn(headers, context)
  const retryAfter = code === 'upstream_rate_limited' ? waitOf(wait) : status === 503 ? wait : undefined
  const told = isOfFiles ? { headers: toldIn(headers, context.secrets) } : {}
  return new AppError(code, {
    detail: { upstream: context.upstream, status, ...(said === undefined ? {} : { said }), ...told },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

/** GitHub says 403 where it means that no requests are left. */
function isSpent({ status, headers }: RawAnswer): boolean {
  return status === 403 && headers['x-ratelimit-remaining']?.trim() === '0'
}

function waitIn(headers: RawAnswer['headers'], { kind, clock }: RefusalContext): number | undefined {
  const said = parseRetryAfter(headers['retry-after'], clock())
  return said ?? (kind === 'files' ? secondsToReset(headers, clock()) : undefined)
}

/** What clients of files want to hear of a refusal: its reason in words for programs, and what is left of a budget. */
const TOLD = /^(?:x-error-(?:code|message)|x-repo-commit|x-ratelimit-[a-z]+|ratelimit(?:-policy)?)$/

function toldIn(headers: RawAnswer['headers'], secrets: readonly string[]): Readonly<Record<string, string>> {
  const told = Object.entries(headers).filter(([name]) => TOLD.test(name))
  return Object.fromEntries(told.map(([name, value]) => [name, redact(value, secrets).slice(0, MOST_TOLD)]))
}

/** Registries answer in JSON: whoever announces a web page stands in front of one, or in its place. */
function pageIn(type: string | undefined): string | undefined {
  return type === 'text/html' || type?.endsWith('xml') === true ? `answered with ${type}` : undefined
}

function codeOf(status: number): ErrorCode {
  if (status === 404 || status === 410) return 'upstream_not_found'
  if (status === 401 || status === 403 || status === 451) return 'upstream_denied'
  if (status === 429) return 'upstream_rate_limited'
  return status >= 400 ? 'upstream_failed' : 'upstream_invalid'
}
