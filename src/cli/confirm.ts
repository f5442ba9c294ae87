import { createInterface } from 'node:readline/promises'
import { counted } from './cells.ts'
import type { Context } from './context.ts'
import { CommandError, EXIT, usageError } from './exit.ts'

/** More than this is more than one looks through at a glance. */
const FREELY = 20

export interface Confirmation {
  readonly objects: number
  /** What goes cannot be had again: then even one object is asked about. */
  readonly isFinal?: boolean
  /** What happens to them: "remove 31 objects and free 2 GiB?" */
  readonly question: string
}

/**
 * Lets a change of up to 20 objects pass, and a larger one after a person said yes or with --yes. Throws CommandError:
 * exit 2 where nobody can be asked, 1 when the answer is no, 130 for Ctrl-C.
 */
export async function confirm(context: Context, { objects, isFinal, question }: Confirmation): Promise<void> {
  if ((objects <= FREELY && isFinal !== true) || context.flags.on('yes')) return
  const { stdin } = context.world
  if (stdin.isTTY !== true || !context.terminal.err.interactive) {
    throw usageError({
      what: `this changes ${counted(objects, 'object')}, and nobody is here to be asked`,
      hint: 'look with --dry-run, then add --yes',
    })
  }
  if (await isYes(context, question)) return
  throw new CommandError('not confirmed, nothing was changed')
}

async function isYes({ world, signal }: Context, question: string): Promise<boolean> {
  // Read line by line only: the terminal echoes and edits by itself, and Ctrl-C stays a signal.
  const lines = createInterface({ input: world.stdin, terminal: false })
  world.stderr.write(`${question} [y/N] `)
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(''))
      signal.addEventListener('abort', () => reject(interrupted()), { once: true })
    })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}

/** What a command ends with that Ctrl-C stopped. */
export function interrupted(hint?: string): CommandError {
  const what = 'interrupted'
  return new CommandError(hint === undefined ? what : { what, hint }, EXIT.interrupted)
}
