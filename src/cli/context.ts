import type { Clock } from '../domain/clock.ts'
import { type Block, renderBlocks } from './blocks.ts'
import type { Flags } from './flags.ts'
import type { Terminal } from './terminal.ts'

/** What the program is started in; a test brings its own. */
export interface World {
  readonly stdout: Output
  readonly stderr: Output
  readonly stdin: Input
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
}

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean }

/** All a command gets to know and may write to. */
export interface Context {
  /** What followed the command's name. */
  readonly words: readonly string[]
  readonly flags: Flags
  readonly terminal: Terminal
  readonly world: World
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal
  /** The result, on standard output. */
  print(blocks: readonly Block[]): void
  json(value: unknown): void
  write(text: string): void
  /** A note on standard error, which --quiet leaves out. */
  note(text: string): void
  /** A note that only -v shows. */
  detail(text: string): void
}

export interface ContextParts {
  readonly words: readonly string[]
  readonly flags: Flags
  readonly terminal: Terminal
  readonly world: World
  readonly signal: AbortSignal
}

export function createContext(parts: ContextParts): Context {
  const { flags, terminal, world } = parts
  const note = (text: string): void => {
    if (!flags.on('quiet')) world.stderr.write(`${text}\n`)
  }
  return {
    ...parts,
    print: (blocks) => void world.stdout.write(renderBlocks(blocks, terminal.out)),
    json: (value) => void world.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`),
    write: (text) => void world.stdout.write(text),
    note,
    detail: (text) => {
      if (flags.verbosity > 0) note(text)
    },
  }
}
