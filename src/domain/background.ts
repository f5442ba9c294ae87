import { constants, setPriority } from 'node:os'

/** As nice(1) counts: with 5 a thread gets a third of what others get where all of them want more than there is. */
const NICE = { 'a little': 5, far: constants.priority.PRIORITY_LOW }

/**
 * Lets this thread alone stand back behind those that answer requests, where the system can: on Linux a thread has
 * a priority of its own. Elsewhere nothing happens. `readLink` is that of node:fs, which does not belong here.
 */
export function standBack(how: keyof typeof NICE, readLink: (path: string) => string): void {
  try {
    const thread = Number(readLink('/proc/thread-self').split('/').at(-1))
    setPriority(thread, NICE[how])
  } catch {
    // It is as quick as it is without.
  }
}
