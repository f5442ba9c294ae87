import { AppError } from '../domain/errors.ts'
import { withoutControls } from '../domain/text.ts'

const LONGEST = 300

/** What is wrong with an archive, as an AppError `bad_request`; nothing of the archive is kept. */
export function refused(what: string): AppError {
  return new AppError('bad_request', { message: shown(what) })
}

/** Words of an archive as people may be shown them. */
export function shown(text: string): string {
  const clean = withoutControls(text)
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean
}
