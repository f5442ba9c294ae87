import { MIB } from '../domain/units.ts'
import { flawOf } from './damage.ts'
import { copyDb, snapshotOf } from './files.ts'
import { type CopyAsk, type IndexCopy, makeCopy } from './index-copy.ts'
import { checkpoint, logOf, openToCheckpoint, openToRead } from './open.ts'
import { type Rescue, type Rescued, rescue } from './rescue.ts'

const CHECKPOINT_EVERY_MS = 50
/** Of a log so long that somebody may wait until all of it was moved. */
const CHECKPOINT_SOON_MS = 2
const GROWN = 16 * MIB
/** Milliseconds without anything moved: somebody's long reading keeps it in the log, and whoever waits for this would wait, too. */
const MOST_IDLE_MS = 250
/** Bytes that are not worth the disk's time yet. */
const LITTLE = MIB

/** Long work on the index, each with a connection of its own. Inputs and results can be copied between threads. */
export const chores = {
  /** Copies the index to its snapshot. Throws when it is damaged, or the disk refuses. */
  snapshot: ({ file }: { readonly file: string }): void => {
    const db = openToRead(file)
    try {
      copyDb(db, snapshotOf(file))
    } finally {
      db.close()
    }
  },
  /** What is wrong with the index; undefined when it is sound. */
  check: ({ file }: { readonly file: string }): string | undefined => {
    const db = openToRead(file)
    try {
      return flawOf(db, 'quick')
    } finally {
      db.close()
    }
  },
  rescue: (input: Rescue): Rescued => rescue(input),
  backup: (input: CopyAsk): IndexCopy => makeCopy(input),
  /** Moves what the log holds into the index, as long as much more comes. Throws when the disk refuses. */
  checkpoint: ({ file }: { readonly file: string }): void => {
    const db = openToCheckpoint(file)
    try {
      const never = new Int32Array(new SharedArrayBuffer(4))
      let [moved, idle] = [-1, 0]
      while (idle < MOST_IDLE_MS) {
        checkpoint(db)
        const pause = logOf(db).bytes >= GROWN ? CHECKPOINT_SOON_MS : CHECKPOINT_EVERY_MS
        Atomics.wait(never, 0, 0, pause)
        const { bytes, alone } = logOf(db)
        if (alone === 0 || (alone <= LITTLE && bytes < GROWN)) return
        idle = bytes - alone === moved ? idle + pause : 0
        moved = bytes - alone
      }
    } finally {
      db.close()
    }
  },
}

export type Chores = typeof chores
