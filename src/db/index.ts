import { type Blobs, createBlobs } from './blobs.ts'
import { createEdges, type Edges } from './edges.ts'
import { createEntries, type Entries, type Entry } from './entries.ts'
import { createMemo } from './memo.ts'
import { type Applied, migrate } from './migrate.ts'
import { closeDb, isStorageTrouble, limitWaits, openDb } from './open.ts'
import { patiently } from './patience.ts'

/** The index as the rest of the program sees it. */
export interface Index {
  readonly entries: Entries
  readonly blobs: Blobs
  readonly edges: Edges
  readonly applied: readonly Applied[]
  /** Takes notice of what other processes wrote. Call about once a second. */
  notice(): void
  /** One immediate transaction; waits without blocking while another process writes. */
  transact<T>(work: () => T): Promise<T>
  close(): void
}

/** Opens and migrates the index at `file`. Throws when it cannot be read, or is newer than this build. */
export function openIndex(file: string, migrations: string): Index {
  const db = openDb(file)
  try {
    const applied = migrate(db, migrations)
    limitWaits(db)
    const memo = createMemo<Entry>(db)
    const blobs = createBlobs(db, memo)
    return {
      entries: createEntries(db, memo),
      blobs,
      edges: createEdges(db),
      applied,
      notice: () => unlessTrouble(() => memo.checkOthers()),
      transact: (work) => patiently(() => db.transaction(work).immediate()),
      close: () => {
        unlessTrouble(() => blobs.flushTouches())
        closeDb(db)
      },
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** What cannot be done on a failing disk is left undone: it only makes the index less exact. */
function unlessTrouble(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isStorageTrouble(error)) throw error
  }
}
