import { ApiFailure } from '../api/client.ts'
import { interrupted } from './confirm.ts'
import { CommandError, EXIT } from './exit.ts'

/** Whatever a command threw as an error with an exit code; undefined for what is a mistake of ours. */
export function toCommandError(error: unknown, signal: AbortSignal): CommandError | undefined {
  if (error instanceof CommandError) return error
  if (signal.aborted) return interrupted('run it again to go on: what was done stays done')
  if (error instanceof ApiFailure)
    return new CommandError({ what: error.message, hint: hintOf(error) }, exitCodeOf(error))
  return undefined
}

/** The hints of the catalogue are for pulls; what is not in the cache is looked for in its list. */
function hintOf({ code, message, hint }: ApiFailure): string {
  if (code === 'bad_request') return 'the command with --help'
  const isOurs = code === 'not_found' || message.endsWith('is not cached')
  return isOurs ? (message.endsWith('is not pinned') ? 'cachalot pins' : 'cachalot ls') : hint
}

const BY_CODE: Readonly<Record<string, number>> = {
  bad_request: EXIT.usage,
  name_invalid: EXIT.usage,
  digest_invalid: EXIT.usage,
  tag_invalid: EXIT.usage,
  page_invalid: EXIT.usage,
  upstream_not_found: EXIT.notFound,
  upstream_denied: EXIT.auth,
  shutting_down: EXIT.busy,
  busy: EXIT.busy,
}

const BY_STATUS: Readonly<Record<number, number>> = {
  400: EXIT.usage,
  401: EXIT.auth,
  403: EXIT.auth,
  404: EXIT.notFound,
  409: EXIT.busy,
  422: EXIT.usage,
  423: EXIT.busy,
}

/** The code decides before the status, which is always 200 where long work had begun. */
export function exitCodeOf({ code, status }: { readonly code: string; readonly status: number }): number {
  const known = BY_CODE[code]
  if (known !== undefined) return known
  if (code.startsWith('upstream_')) return EXIT.upstream
  if (code.endsWith('_unknown') || code === 'not_found') return EXIT.notFound
  if (code === 'unauthorized' || code === 'denied') return EXIT.auth
  return BY_STATUS[status] ?? EXIT.failed
}
