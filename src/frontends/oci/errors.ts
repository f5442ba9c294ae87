import type { AppError, ErrorCode } from '../../domain/errors.ts'

/** What each error is called in a registry (OCI distribution spec, "Error Codes", and Docker's older ones). */
const CODES = {
  bad_request: 'UNSUPPORTED',
  name_invalid: 'NAME_INVALID',
  digest_invalid: 'DIGEST_INVALID',
  tag_invalid: 'TAG_INVALID',
  page_invalid: 'PAGINATION_NUMBER_INVALID',
  unauthorized: 'UNAUTHORIZED',
  key_refused: 'UNAUTHORIZED',
  denied: 'DENIED',
  name_unknown: 'NAME_UNKNOWN',
  manifest_unknown: 'MANIFEST_UNKNOWN',
  blob_unknown: 'BLOB_UNKNOWN',
  not_found: 'NAME_UNKNOWN',
  unsupported: 'UNSUPPORTED',
  too_large: 'DENIED',
  range_invalid: 'RANGE_INVALID',
  too_many_requests: 'TOOMANYREQUESTS',
  upstream_not_found: 'NAME_UNKNOWN',
  upstream_denied: 'DENIED',
  upstream_rate_limited: 'TOOMANYREQUESTS',
  upstream_failed: 'UNAVAILABLE',
  upstream_invalid: 'UNAVAILABLE',
  upstream_unreachable: 'UNAVAILABLE',
  upstream_timeout: 'UNAVAILABLE',
  busy: 'UNAVAILABLE',
  shutting_down: 'UNAVAILABLE',
  internal: 'UNKNOWN',
} as const satisfies Record<ErrorCode, string>

/**
 * Status and body of an error (OCI distribution spec, "Error Codes"). A mirror request is told 503 instead of
 * 429 when the upstream limits us: containerd hammers on 429 and moves on to its next host after 503.
 */
export function renderError(error: AppError, isMirror: boolean): { status: number; body: Buffer } {
  const { status, hint } = error.facts
  const limited = error.code === 'upstream_rate_limited' && isMirror
  const detail = { ...error.detail, hint }
  const body = {
    errors: [{ code: limited ? 'UNAVAILABLE' : CODES[error.code], message: error.message, detail }],
  }
  return { status: limited ? 503 : status, body: Buffer.from(JSON.stringify(body)) }
}
