import { parseArgs } from 'node:util'
import { closest } from '../config/locate.ts'
import type { Command } from './command.ts'
import { usageError } from './exit.ts'
import { COMMON, createFlags, FLAGS, type FlagName, type Flags } from './flags.ts'

export interface Arguments {
  readonly command: Command
  /** What followed the command's name. */
  readonly words: readonly string[]
  readonly flags: Flags
}

/** The command, its words and flags. Throws CommandError (exit 2) for what cannot be meant, naming what is near. */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Arguments {
  const { words, given } = split(argv)
  const command = commandOf(words, commands)
  const allowed = flagsOf(command)
  for (const { name, text } of given) if (!isOneOf(name, allowed)) throw unknownFlag(text, command)
  const values = new Map<FlagName, (string | true)[]>()
  for (const { name, text, value } of given) {
    // Checked just above.
    const flag = name as FlagName
    const valued = FLAGS[flag].value !== undefined
    if (valued && value === undefined) throw usageError(`${text} needs a value: ${text} ${FLAGS[flag].value}`)
    if (!valued && value !== undefined) throw usageError(`${text} takes no value`)
    values.set(flag, [...(values.get(flag) ?? []), value ?? true])
  }
  const rest = words.slice(words.length === 0 ? 0 : command.name.split(' ').length)
  const flags = createFlags(values)
  if (!flags.on('help')) checkCount(rest, command)
  return { command, words: rest, flags }
}

/** Every flag a command knows, its own first. */
export function flagsOf(command: Command): FlagName[] {
  // Keys of the record are flag names by its type.
  return [...(Object.keys(command.flags) as FlagName[]), ...COMMON]
}

interface Given {
  readonly name: string
  /** As it was written, "--prot" or "-p". */
  readonly text: string
  readonly value: string | undefined
}

/** Words and flags in order; whether a flag takes a value is the same in every command. */
function split(argv: readonly string[]): { words: string[]; given: Given[] } {
  const options = Object.fromEntries(
    Object.entries(FLAGS).map(([name, { value, short }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
    ]),
  )
  const args = withDashedValues(argv)
  const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true })
  const words: string[] = []
  const given: Given[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind === 'option') given.push({ name: token.name, text: token.rawName, value: token.value })
  }
  return { words, given }
}

/** "--sort", "-total" as one argument: the value of such a flag may look like a flag itself. */
function withDashedValues(argv: readonly string[]): string[] {
  const args: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const [arg = '', next = ''] = argv.slice(i, i + 2)
    if (arg === '--') return [...args, ...argv.slice(i)]
    const joins = isDashed(arg) && /^-[^-]/.test(next)
    args.push(joins ? `${arg}=${next}` : arg)
    if (joins) i++
  }
  return args
}

function isDashed(arg: string): boolean {
  return Object.entries(FLAGS).some(([name, spec]) => spec.dashed === true && arg === `--${name}`)
}

function commandOf(words: readonly string[], commands: readonly Command[]): Command {
  const [first = 'serve', second = ''] = words
  const found =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first)
  if (found !== undefined) return found
  const inside = names(commands).filter((name) => name.startsWith(`${first} `))
  if (inside.length > 0) throw incomplete(first, second, inside)
  const near = closest([first, second].join(' ').trim(), names(commands)) ?? closest(first, names(commands))
  const guess = near === undefined ? '' : `; did you mean "${near}"?`
  throw usageError(`unknown command "${words.join(' ')}"${guess} · try: cachalot help`)
}

/** For `cachalot user` alone, and with a second word that is none of its own. */
function incomplete(first: string, second: string, inside: readonly string[]): Error {
  const seconds = inside.map((name) => name.slice(first.length + 1))
  const near = second === '' ? undefined : closest(second, seconds)
  if (near !== undefined) {
    const what = `unknown command "${first} ${second}"; did you mean "${first} ${near}"?`
    return usageError(`${what} · try: cachalot help`)
  }
  const which = seconds.length === 1 ? seconds.join() : `one of ${seconds.join(', ')}`
  const what = second === '' ? `${first} needs ${which}` : `unknown command "${first} ${second}"`
  return usageError({ what, hint: inside.map((name) => `cachalot ${name}`).join(', ') })
}

function names(commands: readonly Command[]): string[] {
  return commands.map(({ name }) => name)
}

function unknownFlag(text: string, command: Command): Error {
  const near = closest(
    text.replace(/^-+/, ''),
    flagsOf(command).filter((name) => text.startsWith('--') && name !== 'help'),
  )
  const hint = near === undefined ? '' : `; did you mean "--${near}"?`
  return usageError(`unknown flag ${text} of ${command.name}${hint} · try: cachalot ${command.name} --help`)
}

function checkCount(words: readonly string[], { name, takes = [0, 0], words: wanted = '' }: Command): void {
  const [least, most] = takes
  const help = `cachalot ${name} --help`
  if (words.length < least) throw usageError({ what: `${name} needs ${wanted}`, hint: help })
  if (words.length <= most) return
  throw usageError({ what: `${name} does not know what to do with "${words[most]}"`, hint: help })
}

function isOneOf(name: string, allowed: readonly string[]): boolean {
  return allowed.includes(name)
}
