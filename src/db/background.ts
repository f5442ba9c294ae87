import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/** As nice(1) counts: with 5 a thread gets a third of what others get where all of them want more than there is. */
const NICE = { 'a little': 5, far: constants.priority.PRIORITY_LOW }

/**
 * Lets this thread alone stand back behind those that answer requests, where the system can: on Linux a thread has
 * a priority of its own. Elsewhere nothing happens.
 */
export function standBack(how: keyof typeof NICE): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    setPriority(thread, NICE[how])
  } catch {
    // It is as quick as it is without.
  }
}
