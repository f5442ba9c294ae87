import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import { toBytes, toRef } from './digests.ts'
import type { Db } from './open.ts'
import { createPullDays } from './pull-days.ts'

export interface Use {
  readonly key: EntryKey
  readonly digest: Sha256
  readonly at: number
  /** Whether content was sent; a question that is answered with facts alone is a use, but no pull. */
  readonly pulled: boolean
}

export interface Uses {
  /** Notes a use in memory; it counts for all that a manifest references. */
  note(use: Use): void
  /** Writes what was noted, in one transaction. Throws when the index cannot be written; nothing is lost then. */
  flush(): void
}

interface Noted {
  readonly key: EntryKey
  readonly digest: Sha256
  at: number
  pulls: number
}

/** Index -> manifest -> layer, and one level more for whoever nests them. */
const DEEPEST = 3

/**
 * Who used what, and when. A pull of a manifest is a use of everything below it: clients that already hold a layer
 * never ask for it again.
 */
export function createUses(db: Db): Uses {
  const useBlobs = db.prepare(
    `WITH RECURSIVE below (digest, depth) AS (
       SELECT @digest, 0 UNION
       SELECT e.child, depth + 1 FROM below JOIN edges e ON e.parent = below.digest WHERE depth < ${DEEPEST})
     UPDATE blobs SET used_at = max(used_at, @at) WHERE digest IN (SELECT digest FROM below)`,
  )
  const useEntry = db.prepare(
    `UPDATE entries SET used_at = max(used_at, @at), pulls = pulls + @pulls
      WHERE repository = (SELECT id FROM repositories WHERE front_end = @frontEnd AND upstream = @upstream
                             AND name = @repository)
        AND kind = @kind AND ref = @ref`,
  )
  const days = createPullDays(db)
  let noted = new Map<string, Noted>()
  const write = (use: Noted): void => {
    const { key, digest, at, pulls } = use
    const { frontEnd, upstream, repository, kind } = key
    useBlobs.run({ digest: toBytes(digest), at })
    useEntry.run({ frontEnd, upstream, repository, kind, ref: toRef(key.ref), at, pulls })
    days.add(use)
  }
  const writeAll = (uses: ReadonlyMap<string, Noted>): void => {
    let latest = 0
    for (const use of uses.values()) {
      write(use)
      latest = Math.max(latest, use.at)
    }
    days.forget(latest)
  }
  const inTransaction = db.transaction(writeAll)
  return {
    note: ({ key, digest, at, pulled }) => {
      const text = keyText(key)
      const known = noted.get(text)
      const pulls = pulled ? 1 : 0
      if (known?.digest === digest) {
        known.at = Math.max(known.at, at)
        known.pulls += pulls
      } else {
        noted.set(text, { key, digest, at, pulls: pulls + (known?.pulls ?? 0) })
      }
    },
    flush: () => {
      if (noted.size === 0) return
      // Inside an open transaction this is a part of it.
      if (db.inTransaction) writeAll(noted)
      else inTransaction.immediate(noted)
      noted = new Map()
    },
  }
}
