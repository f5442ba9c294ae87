import type { Log } from '../../src/domain/log.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogEntry {
  readonly level: LogLevel
  readonly message: string | undefined
  /** Fields of the call over those of its parents. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that keeps what it was told, in order, children included. */
export interface CollectorLog extends Log {
  readonly entries: readonly LogEntry[]
  /** Entries of that level, or whose message matches. */
  find(wanted: LogLevel | RegExp): LogEntry[]
  /** Everything as one text, for searching secrets. */
  text(): string
  clear(): void
}

export function collectorLog(): CollectorLog {
  const entries: LogEntry[] = []
  return {
    ...logInto(entries, {}),
    entries,
    find: (wanted) => entries.filter((entry) => matches(entry, wanted)),
    text: () => entries.map((entry) => `${entry.message ?? ''} ${fieldsText(entry.fields)}`).join('\n'),
    clear() {
      entries.length = 0
    },
  }
}

function matches(entry: LogEntry, wanted: LogLevel | RegExp): boolean {
  return typeof wanted === 'string' ? entry.level === wanted : wanted.test(entry.message ?? '')
}

/** Errors have no enumerable fields; their words and causes must be searchable too. */
function fieldsText(fields: object): string {
  return JSON.stringify(fields, (_key, value: unknown) =>
    value instanceof Error ? Object.assign({ stack: value.stack, cause: value.cause }, value) : value,
  )
}

function logInto(entries: LogEntry[], base: Record<string, unknown>): Log {
  const at = (level: LogLevel) => (fields: object, message?: string) => {
    entries.push({ level, message, fields: { ...base, ...fields } })
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logInto(entries, { ...base, ...fields }),
  }
}
