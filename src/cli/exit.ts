/** Exit codes of every command; scripts rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  notFound: 4,
  busy: 5,
  upstream: 6,
  auth: 7,
  integrity: 8,
  interrupted: 130,
} as const

/** What went wrong, why, and what a person can do about it; each a part of one line. */
export interface Trouble {
  readonly what: string
  readonly why?: string
  readonly hint?: string
}

/** An error that ends a command with words instead of a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number
  /** The line or lines for standard error. */
  readonly lines: string

  constructor(trouble: string | Trouble, exitCode: number = EXIT.failed) {
    const line = typeof trouble === 'string' ? trouble : joined(trouble)
    super(line)
    this.exitCode = exitCode
    this.lines = `error: ${line}`
  }
}

/** Problems of a configuration, which name file and line themselves. */
export class ConfigProblems extends CommandError {
  override readonly lines: string

  constructor(lines: readonly string[]) {
    super(lines.join('\n'), EXIT.usage)
    this.lines = lines.join('\n')
  }
}

/** A command line that cannot be meant. */
export function usageError(trouble: string | Trouble): CommandError {
  return new CommandError(trouble, EXIT.usage)
}

function joined({ what, why, hint }: Trouble): string {
  return [what, why, hint && `try: ${hint}`].filter((part) => part !== undefined && part !== '').join(' · ')
}
