import { flagsOf } from './arguments.ts'
import { type Command, GROUPS } from './command.ts'
import { COMMON, FLAGS, type FlagName } from './flags.ts'

/** What the program can do, by groups. */
export function usage(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => headOf(command).length)) + 3
  const groups = GROUPS.map((group) => {
    const rows = commands.filter((command) => command.group === group)
    return `${group}\n${rows.map((row) => `  cachalot ${headOf(row).padEnd(width)}${row.summary}`).join('\n')}\n`
  })
  return `Usage: cachalot COMMAND [WORDS] [FLAGS]

${groups.join('\n')}
cachalot COMMAND --help says more, with examples. Commands work beside a running server and without one.
Exit codes: 0 ok, 1 failed, 2 usage or configuration, 3 partial, 4 not found, 5 busy, 6 upstream or network,
7 not allowed, 8 damaged content found, 130 interrupted.
`
}

/** All about one command. */
export function helpOf(command: Command): string {
  const own = flagsOf(command).filter((name) => !COMMON.includes(name))
  const parts = [
    `Usage: cachalot ${headOf(command)}${own.length > 0 ? ' [FLAGS]' : ''}\n\n${command.summary}`,
    (command.about ?? []).join('\n'),
    own.length === 0 ? '' : `Flags\n${flagLines(command, own)}`,
    `Of every command\n${flagLines(command, COMMON)}`,
    (command.examples ?? []).length === 0 ? '' : `Examples\n${exampleLines(command)}`,
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function headOf({ name, words }: Command): string {
  return words === undefined ? name : `${name} ${words}`
}

function flagLines({ flags }: Command, names: readonly FlagName[]): string {
  return names
    .map((name) => {
      const { value, short, help } = FLAGS[name]
      const own = flags[name]
      const front = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
      return `  ${front.padEnd(24)}${typeof own === 'string' ? own : help}`
    })
    .join('\n')
}

function exampleLines({ examples = [] }: Command): string {
  return examples.map((example) => `  cachalot ${example}`).join('\n')
}
