import type { AppError, ErrorCode } from '../../domain/errors.ts'
import { errorText, printable } from '../error-text.ts'

/**
 * What clients do by status: after 404 and 410 go asks the next proxy of its list, after everything else it stops and
 * shows our text. So what is not there, and what no module is called, is 404; whatever an operator should hear of is not.
 */
const STATUS: Partial<Record<ErrorCode, number>> = {
  bad_request: 404,
  name_invalid: 404,
  digest_invalid: 404,
  tag_invalid: 404,
  page_invalid: 404,
  name_unknown: 404,
  upstream_unreachable: 502,
}

/** Set in the detail of an error that sends clients to the source of a module. */
export const DIRECT = 'direct'

export interface Refusal {
  readonly status: number
  readonly text: string
}

/** Status and text of an error. */
export function renderGoError(error: AppError): Refusal {
  const { status } = error.detail
  const text = printable(errorText(error))
  if (error.detail[DIRECT] === true) return { status: 404, text: `not found: ${text}\n` }
  if (error.code === 'not_found') return { status: status === 410 ? 410 : 404, text: `not found: ${text}\n` }
  return { status: STATUS[error.code] ?? error.facts.status, text: `${text}\n` }
}
