import { flawOf } from './damage.ts'
import { copyDb, snapshotOf } from './files.ts'
import { openToRead } from './open.ts'
import { type Rescue, type Rescued, rescue } from './rescue.ts'

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
}

export type Chores = typeof chores
