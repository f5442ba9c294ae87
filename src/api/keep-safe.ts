import { setTimeout as pauseFor } from 'node:timers/promises'
import type { Index } from '../db/index.ts'
import { SECOND } from '../domain/clock.ts'
import type { Log } from '../domain/log.ts'

/** Any user may revoke tokens as often as they like, and each copy is one of the whole index. */
const BETWEEN_COPIES = 30 * SECOND

/** To be called after secrets were revoked. Does not wait for the copy, and never throws. */
export type KeepSafe = () => void

export interface KeepSafeOptions {
  readonly index: Pick<Index, 'snapshot'>
  readonly log: Log
  /** From one copy to the next. */
  readonly pause?: () => Promise<unknown>
}

/**
 * Should the index be damaged and put back from its snapshot, nothing that was revoked may come back with it: the first
 * revocation has a copy made at once, and those that follow within half a minute have one made together after that. A
 * clean stop makes one anyway. New secrets need none: those that a snapshot does not know are refused.
 */
export function createKeepSafe({ index, log, pause = halfMinute }: KeepSafeOptions): KeepSafe {
  let isWanted = false
  let isAtWork = false
  const copy = async (): Promise<void> => {
    try {
      await index.snapshot()
    } catch (error) {
      const words = 'the snapshot of the index does not know yet what was done to keys and tokens'
      log.warn({ event: 'secrets', err: error }, words)
    }
  }
  const work = async (): Promise<void> => {
    isAtWork = true
    while (isWanted) {
      isWanted = false
      await copy()
      await pause()
    }
    isAtWork = false
  }
  return () => {
    isWanted = true
    if (!isAtWork) void work()
  }
}

const halfMinute = (): Promise<void> => pauseFor(BETWEEN_COPIES, undefined, { ref: false })
