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
  /**
   * Call now and then during work that nobody waits for: settles once the log is not very long any more. After 15 s of
   * no use it waits no longer, and for the minute after that a second each time; nor does it wait once `signal` says so, or
   * the index closes. Never rejects for these.
   */
  calm(signal: AbortSignal): Promise<void>
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
/** Bytes of a log that pauses did not keep short. */
const TOO_LONG = 48 * MIB
/** Milliseconds. */
const LONGEST_CALM = 15_000
const SHORT_CALM = 1000
const SHORT_CALMS_FOR = 60_000
const CALM_STEP = 20
/** Milliseconds after one that failed; SQLite's own goes on when the log gets very long. */
const REST = 10_000

export function createCheckpoints(file: string, db: () => Db): Checkpoints {
  let running: Promise<void> | undefined
  let notBefore = 0
  let noPauseBefore = 0
  let shortCalmsUntil = 0
  let isOver = false

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

  const isLonger = (than: number): boolean => {
    const { bytes, alone } = lengthOf(db())
    return bytes >= than && alone > 0
  }

  /** Where so many bytes are in the log alone. */
  const begin = (least: number): void => {
    if (running !== undefined || isOver || performance.now() < notBefore) return
    if (lengthOf(db()).alone >= least) running = run()
  }

  return {
    consider: () => begin(ENOUGH),
    pause: () => {
      if (running === undefined || performance.now() < noPauseBefore) return undefined
      return isLonger(LONG) ? untilMoved() : undefined
    },
    calm: async (signal) => {
      const began = performance.now()
      const most = began < shortCalmsUntil ? SHORT_CALM : LONGEST_CALM
      while (!isOver && !signal.aborted && isLonger(TOO_LONG)) {
        if (performance.now() > began + most) {
          if (most === LONGEST_CALM) shortCalmsUntil = performance.now() + SHORT_CALMS_FOR
          return
        }
        // It begins anew only once nothing of it is left to move, however little that is.
        begin(1)
        await sleep(CALM_STEP)
      }
    },
    stop: async () => {
      isOver = true
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
