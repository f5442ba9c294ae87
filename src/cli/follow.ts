import type { Progress as Said } from '../api/contract-work.ts'
import type { Context } from './context.ts'
import { createProgress, SILENT_PROGRESS } from './progress.ts'

export interface FollowAsk {
  readonly context: Context
  /** "deleting" */
  readonly verb: string
  /** "objects" */
  readonly noun: string
}

/** Shows how far long work is until it has a result. */
export async function follow<T>(
  said: AsyncIterable<Exclude<Said<T>, { type: 'error' }>>,
  { context, verb, noun }: FollowAsk,
): Promise<T> {
  const { terminal, world, flags } = context
  const progress = flags.on('quiet')
    ? SILENT_PROGRESS
    : createProgress({
        screen: terminal.err,
        clock: world.clock,
        write: (text) => void world.stderr.write(text),
        verb,
        noun,
      })
  try {
    for await (const one of said) {
      if (one.type === 'result') return one.result
      progress.update(one)
    }
  } finally {
    progress.clear()
  }
  throw new Error('long work ended without a result')
}
