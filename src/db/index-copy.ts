import { chmodSync, statSync } from 'node:fs'
import { markOpen } from './closing.ts'
import { createFacts } from './facts.ts'
import { copyDb } from './files.ts'
import { type Db, openCopy, openToRead } from './open.ts'
import { endSessions } from './sessions.ts'

export interface IndexCopy {
  /** Bytes of the copy. */
  readonly size: number
  readonly blobs: number
  /** Bytes of all blobs that it knows. */
  readonly bytes: number
}

export interface CopyAsk {
  readonly file: string
  readonly to: string
}

/** The index as it can be put into any data folder later. Throws when it is damaged, or the disk refuses. */
export function makeCopy({ file, to }: CopyAsk): IndexCopy {
  const db = openToRead(file)
  try {
    copyDb(db, to)
  } finally {
    db.close()
  }
  chmodSync(to, 0o600)
  const copy = openCopy(to)
  try {
    // A login of today is none in a year.
    endSessions(copy)
    markForeign(copy)
    const sums = 'SELECT count(*) AS blobs, coalesce(sum(size), 0) AS bytes FROM blobs'
    const row = copy.prepare<[], Omit<IndexCopy, 'size'>>(sums).get() ?? { blobs: 0, bytes: 0 }
    return { ...row, size: statSync(to).size }
  } finally {
    copy.close()
  }
}

/** What lies beside a copy when it comes back may be of another day: whoever opens it will compare them. */
export function markForeign(copy: Db): void {
  const table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'facts'"
  if (copy.prepare(table).get() !== undefined) markOpen({ facts: createFacts(copy) })
}
