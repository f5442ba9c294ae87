import type { Index } from '../db/index.ts'
import type { Log } from '../domain/log.ts'

/**
 * After secrets were made or revoked: should the index be damaged and put back from its snapshot, nothing that was
 * revoked may come back with it. Does not wait for the copy, and never throws.
 */
export function keepSafe(index: Pick<Index, 'snapshot'>, log: Log): void {
  // One that is running may have begun before.
  index
    .snapshot()
    .then(() => index.snapshot())
    .catch((error: unknown) => {
      const words = 'the snapshot of the index does not know yet what was done to keys and tokens'
      log.warn({ event: 'secrets', err: error }, words)
    })
}
