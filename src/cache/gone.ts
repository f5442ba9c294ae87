import { AppError } from '../domain/errors.ts'

/**
 * Whether an upstream said for certain that it has no such manifest: 410, or 404 as a registry says it, which is
 * without a body (HEAD) or with one of these codes. A web page of something in between is no such answer.
 */
export function isGone(error: unknown): error is AppError {
  if (!(error instanceof AppError) || error.code !== 'upstream_not_found') return false
  const { status, said } = error.detail
  return status === 410 || (status === 404 && (said === undefined || SAID.test(said)))
}

/** OCI distribution spec, "Error Codes", and what Harbor says instead. */
const SAID = /^(?:MANIFEST_UNKNOWN|NAME_UNKNOWN|NOT_FOUND)\b/
