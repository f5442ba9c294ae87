import { parseArgs } from 'node:util'
import { CommandError, EXIT } from './exit.ts'

export interface Arguments {
  readonly words: readonly string[]
  readonly config: string | undefined
  readonly origin: boolean
  readonly url: string | undefined
  readonly help: boolean
}

/** Words and flags of a command line. Throws CommandError (exit 2) for an unknown flag. */
export function parseArguments(argv: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        origin: { type: 'boolean', default: false },
        url: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    return {
      words: positionals,
      config: values.config,
      origin: values.origin,
      url: values.url,
      help: values.help,
    }
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), EXIT.usage)
  }
}
