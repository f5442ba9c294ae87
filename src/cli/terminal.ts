import { colourPaint, type Paint, plainPaint } from './paint.ts'

/** What one output stream can show. */
export interface Screen {
  /** A person looks at it: tables, bars, relative times. Otherwise plain lines for programs. */
  readonly interactive: boolean
  readonly columns: number
  /** False: only ASCII may be written. */
  readonly unicode: boolean
  readonly paint: Paint
}

export interface Terminal {
  readonly out: Screen
  readonly err: Screen
}

/** The part of a stream that says what it is. */
export interface StreamFacts {
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface TerminalAsk {
  readonly stdout: StreamFacts
  readonly stderr: StreamFacts
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: ColorChoice
}

export const COLOR_CHOICES = ['auto', 'always', 'never'] as const
export type ColorChoice = (typeof COLOR_CHOICES)[number]

const DEFAULT_COLUMNS = 80

/** What both outputs can show, from the streams, the environment and --color. */
export function terminalOf({ stdout, stderr, env, color }: TerminalAsk): Terminal {
  const unicode = isUtf8(env)
  const screen = (stream: StreamFacts): Screen => {
    const interactive = stream.isTTY === true && env['TERM'] !== 'dumb'
    const colourful = color === 'always' || (color === 'auto' && interactive && !noColour(env))
    return {
      interactive,
      columns: stream.columns || Number(env['COLUMNS']) || DEFAULT_COLUMNS,
      unicode,
      paint: colourful ? colourPaint : plainPaint,
    }
  }
  return { out: screen(stdout), err: screen(stderr) }
}

/** no-color.org: any value but the empty one. */
function noColour(env: TerminalAsk['env']): boolean {
  return (env['NO_COLOR'] ?? '') !== ''
}

/** The order of POSIX: the first of them that is set decides. */
function isUtf8(env: TerminalAsk['env']): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale)
}
