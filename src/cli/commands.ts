import { closest } from '../config/locate.ts'
import { VERSION } from '../domain/version.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import { checkConfig, showConfig } from './config.ts'
import { CommandError, EXIT } from './exit.ts'
import { healthcheck } from './healthcheck.ts'
import { serve } from './serve.ts'

interface Command {
  readonly usage: string
  readonly help: string
  readonly run: (args: Arguments) => void | Promise<void>
}

const COMMANDS = new Map<string, Command>(
  Object.entries({
    serve: { usage: 'serve [--config FILE]', help: 'run the cache', run: serve },
    'config check': {
      usage: 'config check [FILE]',
      help: 'say what is wrong with a configuration',
      run: checkConfig,
    },
    'config show': {
      usage: 'config show [FILE] [--origin]',
      help: 'the configuration in effect',
      run: showConfig,
    },
    healthcheck: {
      usage: 'healthcheck [--url URL]',
      help: 'is the server well? exit 0 or 1',
      run: healthcheck,
    },
    version: {
      usage: 'version',
      help: 'the version of this program',
      run: () => void process.stdout.write(`${VERSION}\n`),
    },
  }),
)

/** Runs a command line and returns its exit code; everything that goes wrong is said on standard error. */
export async function runCommand(argv: readonly string[]): Promise<number> {
  try {
    const args = parseArguments(argv)
    if (args.help || args.words[0] === 'help') {
      process.stdout.write(usage())
      return EXIT.ok
    }
    await commandOf(args.words).run(args)
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    process.stderr.write(`${error.message}\n`)
    return error.exitCode
  }
}

function commandOf(words: readonly string[]): Command {
  const [first = 'serve', second = ''] = words
  const command = COMMANDS.get(`${first} ${second}`) ?? COMMANDS.get(first)
  if (command !== undefined) return command
  const guess = closest(words.slice(0, 2).join(' '), [...COMMANDS.keys()])
  const hint = guess === undefined ? '' : `; did you mean "${guess}"?`
  throw new CommandError(`unknown command "${words.join(' ')}"${hint}\n\n${usage()}`, EXIT.usage)
}

function usage(): string {
  const rows = [...COMMANDS.values()].map(({ usage, help }) => `  cachalot ${usage.padEnd(32)}${help}`)
  return `Usage:\n${rows.join('\n')}\n`
}
