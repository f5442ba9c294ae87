import { EXIT } from './exit.ts'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface Interrupt {
  readonly signal: AbortSignal
  /** Gives the signals back to whoever had them. */
  end(): void
}

/** The first Ctrl-C asks the command to stop after its current object, the second ends the process at once. */
export function onInterrupt(say: (text: string) => void): Interrupt {
  const controller = new AbortController()
  const heard = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort()
    say('stopping after the current object; once more stops at once')
  }
  for (const signal of SIGNALS) process.on(signal, heard)
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of SIGNALS) process.off(signal, heard)
    },
  }
}
