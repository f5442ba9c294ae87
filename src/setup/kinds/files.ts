import type { Plan } from '../plan.ts'
import type { SetupNote, SetupStep } from '../setup.ts'
import type { Words } from '../words/words.ts'
import { type Told, warn } from './client.ts'

interface Commands {
  readonly steps: readonly SetupStep[]
  readonly test: string
  readonly notes: readonly SetupNote[]
}

/** Of a client that needs no file: a command or a variable says it all, and takes it back. */
export function toldByCommands({ address, key }: Plan, words: Words, { steps, test, notes }: Commands): Told {
  const isOpen = address.isPlain && key !== undefined
  return {
    files: [],
    steps,
    apply: undefined,
    undo: undefined,
    reload: undefined,
    test,
    notes: [...notes, ...(isOpen ? [warn(words.notes.keyOverHttp)] : [])],
  }
}
