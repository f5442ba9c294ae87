import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy } from './open.ts'

const STEP_MS = 20
const LONGEST_MS = 60_000

/**
 * Runs a transaction again while another process holds the write lock, without blocking the event loop
 * between tries. Throws what the transaction throws, and SQLITE_BUSY after a minute.
 */
export async function patiently<T>(work: () => T): Promise<T> {
  for (let waited = 0; ; waited += STEP_MS) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || waited >= LONGEST_MS) throw error
    }
    await sleep(STEP_MS)
  }
}
