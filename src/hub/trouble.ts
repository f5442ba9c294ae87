import { AppError } from '../domain/errors.ts'
import { type Because, because } from '../domain/reasons.ts'

/** Why there is no answer, as a sentence for people. Rethrows what is no trouble of Docker Hub. */
export function troubleOf(error: unknown): Because {
  if (error instanceof DOMException && error.name === 'TimeoutError') return because('hub_slow')
  if (!(error instanceof AppError)) throw error
  const { status } = error.detail
  switch (error.code) {
    case 'upstream_timeout':
      return because('hub_slow')
    case 'upstream_unreachable':
      return because('hub_unreachable')
    case 'upstream_rate_limited':
      return because('hub_limited', { seconds: error.retryAfter ?? 1 })
    case 'upstream_denied':
    case 'upstream_failed':
    case 'upstream_not_found':
      return because('hub_failed', { status: status ?? 0 })
    case 'upstream_invalid':
    case 'too_large':
      return because('hub_invalid')
    default:
      throw error
  }
}
