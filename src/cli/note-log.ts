import type { Log } from '../domain/log.ts'
import { withoutControls } from '../domain/text.ts'

/** The engine's log while it runs inside of a command: what went wrong, as notes for whoever asked with -v. */
export function createNoteLog(say: (text: string) => void): Log {
  const speak = (level: string) => (fields: object, message?: string) => {
    const { err } = fields as { err?: unknown }
    const cause = err instanceof Error ? `: ${err.message}` : ''
    say(`${level}: ${withoutControls(`${message ?? ''}${cause}`)}`)
  }
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: speak('warning'),
    error: speak('error'),
    child: () => log,
  }
  return log
}
