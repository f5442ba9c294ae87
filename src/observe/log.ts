import { destination, type Logger, pino, stdTimeFunctions } from 'pino'
import pretty from 'pino-pretty'
import type { Log } from '../domain/log.ts'
import { textOf } from './text.ts'

export interface LogOptions {
  readonly level: string
  /** auto: text on a terminal, json elsewhere. */
  readonly format: 'auto' | 'text' | 'json'
}

export interface OpenLog extends Log {
  /** Writes out what is still in memory. */
  flush(): void
  setLevel(level: string): void
}

/** Fields whose values never reach a log. */
const SECRETS = ['password', 'token', 'authorization', 'cookie', 'secret']

/** The program's log on standard output: one JSON object or one readable line per event. */
export function createLog(options: LogOptions): OpenLog {
  const isText = options.format === 'text' || (options.format === 'auto' && process.stdout.isTTY)
  const sink = destination({ fd: 1, sync: isText, minLength: isText ? 0 : 4096 })
  const stream = isText
    ? pretty({
        destination: sink,
        colorize: useColour(),
        translateTime: 'SYS:HH:MM:ss',
        hideObject: true,
        ignore: 'pid,hostname,name',
        messageFormat: textOf,
      })
    : { write: (line: string) => void sink.write(line.replaceAll(/[\u007f-\u009f]/g, escaped)) }
  const logger: Logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS, censor: '***' },
    },
    stream,
  )
  const timer = isText ? undefined : setInterval(() => sink.flush(), 200).unref()
  return Object.assign(logger as unknown as Log, {
    flush: () => {
      clearInterval(timer)
      try {
        sink.flushSync()
      } catch {
        // Nothing to say it to: the output itself is gone or was never opened.
      }
    },
    setLevel: (level: string) => {
      logger.level = level
    },
  })
}

/** JSON leaves these as they are, but there are terminals that obey them. */
function escaped(control: string): string {
  return `\\u00${control.charCodeAt(0).toString(16)}`
}

function useColour(): boolean {
  return process.stdout.isTTY && process.env['NO_COLOR'] === undefined
}
