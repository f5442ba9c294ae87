import type { AppError } from '../domain/errors.ts'

/** What went wrong, and which upstream said what about it. `said`: its words, where they are not those of the error. */
export function errorText(error: AppError, said = error.detail.said): string {
  const { status, upstream } = error.detail
  if (upstream === undefined) return error.message
  return `${error.message} (${[upstream, status, said].filter((part) => (part ?? '') !== '').join(' ')})`
}

/** A text of ours and theirs as one line that clients show, and that may stand in a header. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, ' ').slice(0, 600)
}
