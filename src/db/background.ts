import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { basename } from 'node:path'

/**
 * Lets this thread alone stand back behind those that answer requests, where the system can: on Linux a thread has
 * a priority of its own. Elsewhere nothing happens.
 */
export function standBack(): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    setPriority(thread, constants.priority.PRIORITY_LOW)
  } catch {
    // It is as quick as it is without.
  }
}
