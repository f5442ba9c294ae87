import type { Context } from './context.ts'
import type { FlagName } from './flags.ts'

export const GROUPS = ['run the cache', 'look', 'change', 'keep in order'] as const
export type CommandGroup = (typeof GROUPS)[number]

/** One command of the program, with all that its help says. */
export interface Command {
  /** One or two words. */
  readonly name: string
  readonly group: CommandGroup
  /** What may follow the name: "REF…". */
  readonly words?: string
  /** How many words it takes, at least and at most; none by default. */
  readonly takes?: readonly [number, number]
  readonly summary: string
  /** Further lines of its help. */
  readonly about?: readonly string[]
  /** Besides the flags of every command; a text where the general one does not fit. */
  readonly flags: Partial<Readonly<Record<FlagName, string | true>>>
  /** Command lines without the program's name. */
  readonly examples?: readonly string[]
  /** Given where the command hears Ctrl-C itself. */
  readonly signals?: 'own'
  /** Resolves with the exit code, 0 where it says none. Throws CommandError for everything a person should read. */
  run(context: Context): number | void | Promise<number | void>
}
