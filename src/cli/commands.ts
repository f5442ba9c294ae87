import { systemClock } from '../domain/clock.ts'
import { parseArguments } from './arguments.ts'
import type { Command } from './command.ts'
import { audit } from './commands/audit.ts'
import { backup } from './commands/backup.ts'
import { check } from './commands/check.ts'
import { clientSetup } from './commands/client.ts'
import { configCheck, configShow } from './commands/config.ts'
import { doctor } from './commands/doctor.ts'
import { exportImages } from './commands/export.ts'
import { fetch } from './commands/fetch.ts'
import { gc } from './commands/gc.ts'
import { healthcheck } from './commands/healthcheck.ts'
import { importImages } from './commands/import.ts'
import { jobs } from './commands/jobs.ts'
import { keyAdd, keyLs, keyRm } from './commands/key.ts'
import { lookup } from './commands/lookup.ts'
import { ls } from './commands/ls.ts'
import { pin, pins, unpin } from './commands/pins.ts'
import { prefetch } from './commands/prefetch.ts'
import { rm } from './commands/rm.ts'
import { search } from './commands/search.ts'
import { serve } from './commands/serve.ts'
import { show } from './commands/show.ts'
import { stats } from './commands/stats.ts'
import { tags } from './commands/tags.ts'
import { tokenAdd, tokenLs, tokenRm } from './commands/token.ts'
import { undo } from './commands/undo.ts'
import { userAdd, userLs, userPasswd, userRm } from './commands/user.ts'
import { verify } from './commands/verify.ts'
import { version } from './commands/version.ts'
import { createContext, type World } from './context.ts'
import { CommandError, EXIT } from './exit.ts'
import { toCommandError } from './failure.ts'
import type { Flags } from './flags.ts'
import { helpOf, usage } from './help.ts'
import { onInterrupt } from './interrupt.ts'
import { terminalOf } from './terminal.ts'

/** In the order of the usage text. */
export const COMMANDS: readonly Command[] = [
  serve,
  configCheck,
  configShow,
  healthcheck,
  version,
  stats,
  ls,
  show,
  lookup,
  check,
  search,
  tags,
  pins,
  jobs,
  userLs,
  keyLs,
  tokenLs,
  audit,
  clientSetup,
  fetch,
  prefetch,
  exportImages,
  importImages,
  rm,
  undo,
  pin,
  unpin,
  userAdd,
  userPasswd,
  userRm,
  keyAdd,
  keyRm,
  tokenAdd,
  tokenRm,
  gc,
  verify,
  backup,
  doctor,
]

const PROCESS: World = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  clock: systemClock,
}

/** Runs a command line and returns its exit code; everything that goes wrong is said on standard error. */
export async function runCommand(argv: readonly string[], world: World = PROCESS): Promise<number> {
  endQuietlyWithoutReader()
  const none = new AbortController().signal
  try {
    const help = helpAsked(argv)
    if (help !== undefined) {
      world.stdout.write(help)
      return EXIT.ok
    }
    const asked = argv[0] === '--version' ? ['version', ...argv.slice(1)] : argv
    const { command, words, flags } = parseArguments(asked, COMMANDS)
    if (flags.on('help')) {
      world.stdout.write(helpOf(command))
      return EXIT.ok
    }
    return await runOne(command, { words, flags }, world)
  } catch (error) {
    return explain(error, none, { world, stack: false })
  }
}

/** `cachalot help [COMMAND]`, `cachalot --help`; undefined where something else is meant. */
function helpAsked(argv: readonly string[]): string | undefined {
  const [first = '', ...rest] = argv
  if (argv.length === 1 && (first === '--help' || first === '-h')) return usage(COMMANDS)
  if (first !== 'help') return undefined
  if (rest.length === 0) return usage(COMMANDS)
  return helpOf(parseArguments([...rest, '--help'], COMMANDS).command)
}

interface Given {
  readonly words: readonly string[]
  readonly flags: Flags
}

async function runOne(command: Command, { words, flags }: Given, world: World): Promise<number> {
  const { stdout, stderr, env } = world
  const terminal = terminalOf({ stdout, stderr, env, color: flags.color })
  const interrupt =
    command.signals === 'own' ? undefined : onInterrupt((text) => void stderr.write(`\n${text}\n`))
  const signal = interrupt?.signal ?? new AbortController().signal
  try {
    const code = await command.run(createContext({ words, flags, terminal, world, signal }))
    return code ?? EXIT.ok
  } catch (error) {
    return explain(error, signal, { world, stack: flags.verbosity > 1 })
  } finally {
    interrupt?.end()
  }
}

/** Says what went wrong on standard error and returns the exit code. Stacks are for those who ask twice. */
function explain(
  error: unknown,
  signal: AbortSignal,
  { world, stack }: { world: World; stack: boolean },
): number {
  const known = toCommandError(error, signal)
  const shown = known ?? new CommandError({ what: messageOf(error), hint: 'again with -vv, and report it' })
  world.stderr.write(`${shown.lines}\n`)
  if (stack && error instanceof Error) world.stderr.write(`${error.stack ?? ''}\n`)
  return shown.exitCode
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `cachalot ls | head` is no error: who reads no more wants no more. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(EXIT.ok)
  })
}
