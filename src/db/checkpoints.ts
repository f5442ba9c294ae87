import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '../domain/units.ts'
import { runChore } from './chore.ts'
import { type Db, isStorageTrouble, logOf } from './open.ts'

/** Moves what the log holds into the index, on a thread, so that no request waits for the disk. */
export interface Checkpoints {
  /** Call after writing: begins when there is enough to move. */
  consider(): void
  /**
   * Call before writing: something to wait for when the log has grown long. It is used again from its beginning only
   * once all of it was moved, which never happens while somebody goes on writing.
   */
  pause(): Promise<void> | undefined
  /** None begins any more; settles when the one that runs is done. */
  stop(): Promise<void>
}

/** Bytes, as with SQLite's own. */
const ENOUGH = 4 * MIB
const LONG = 32 * MIB
/** Milliseconds that one who writes waits, */
const LONGEST_PAUSE = 1000
/** and without anything being moved: a long question that reads what was before keeps all of it in the log. */
const IDLE_PAUSE = 250
/** Milliseconds until the next one after a pause that was of no use. */
const REST_AFTER_PAUSE = 1000
const STEP = 5
/** Milliseconds after one that failed; SQLite's own goes on when the log gets very long. */
const REST = 10_000

export function createCheckpoints(file: string, db: () => Db): Checkpoints {
  let running: Promise<void> | undefined
  let notBefore = 0
  let noPauseBefore = 0

  const run = async (): Promise<void> => {
    try {
      await runChore('checkpoint', { file })
    } catch {
      notBefore = Math.max(notBefore, performance.now() + REST)
    }
    running = undefined
  }

  const untilMoved = async (): Promise<void> => {
    const began = performance.now()
    let changedAt = began
    for (let before = Number.NaN; ; ) {
      const { alone } = lengthOf(db())
      if (alone === 0) return
      const now = performance.now()
      if (alone !== before) changedAt = now
      before = alone
      if (now > began + LONGEST_PAUSE || now > changedAt + IDLE_PAUSE) break
      await sleep(STEP)
    }
    noPauseBefore = performance.now() + REST_AFTER_PAUSE
  }

  return {
    consider: () => {
      if (running !== undefined || performance.now() < notBefore) return
      if (lengthOf(db()).alone >= ENOUGH) running = run()
    },
    pause: () => {
      if (running === undefined || performance.now() < noPauseBefore) return undefined
      const { bytes, alone } = lengthOf(db())
      return bytes >= LONG && alone > 0 ? untilMoved() : undefined
    },
    stop: async () => {
      notBefore = Number.POSITIVE_INFINITY
      await running
    },
  }
}

/** Whoever runs into a failing disk next says so. */
function lengthOf(db: Db): ReturnType<typeof logOf> {
  try {
    return logOf(db)
  } catch (error) {
    if (!isStorageTrouble(error)) throw error
    return { bytes: 0, alone: 0 }
  }
}
