import type { Clock } from '../domain/clock.ts'
import { AppError, type ErrorCode } from '../domain/errors.ts'
import { KIB } from '../domain/units.ts'
import type { RawAnswer } from './exchange.ts'
import { parseRetryAfter, waitOf } from './rate-limit.ts'
import { readSome } from './read-all.ts'
import { saidIn } from './said.ts'

const MOST_READ = 64 * KIB
const READ_WITHIN = 1000

export interface RefusalContext {
  readonly upstream: string
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
  const said = packed ? undefined : saidIn(type, body, context.secrets)
  const code = codeOf(status)
  const wait = parseRetryAfter(headers['retry-after'], context.clock())
  const retryAfter = code === 'upstream_rate_limited' ? waitOf(wait) : status === 503 ? wait : undefined
  return new AppError(code, {
    detail: { upstream: context.upstream, status, ...(said === undefined ? {} : { said }) },
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

function codeOf(status: number): ErrorCode {
  if (status === 404 || status === 410) return 'upstream_not_found'
  if (status === 401 || status === 403 || status === 451) return 'upstream_denied'
  if (status === 429) return 'upstream_rate_limited'
  return status >= 400 ? 'upstream_failed' : 'upstream_invalid'
}
