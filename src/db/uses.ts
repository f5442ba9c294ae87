import type { Sha256 } from '../domain/digest.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import { toBytes, toRef, toSha256 } from './digests.ts'
import type { Db } from './open.ts'
import { createPullDays } from './pull-days.ts'

export interface Use {
  readonly key: EntryKey
  /** Undefined: what the name leads to when that is written down, or soon after. */
  readonly digest: Sha256 | undefined
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
  readonly digest: Sha256 | undefined
  at: number
  pulls: number
  readonly tries: number
}

const AT = `repository = (SELECT id FROM repositories
                           WHERE front_end = @frontEnd AND upstream = @upstream AND name = @repository)
            AND kind = @kind AND ref = @ref`
/** How often it is looked for what a name leads to: what was sent may land a moment later. */
const MOST_TRIES = 12
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
      WHERE ${AT}`,
  )
  const digestOf = db.prepare<object, Buffer>(`SELECT digest FROM entries WHERE ${AT}`).pluck()
  const days = createPullDays(db)
  let noted = new Map<string, Noted>()
  /** False where nobody knows yet what was used. */
  const write = (use: Noted): boolean => {
    const { key, at, pulls } = use
    const { frontEnd, upstream, repository, kind } = key
    const name = { frontEnd, upstream, repository, kind, ref: toRef(key.ref) }
    const digest = use.digest === undefined ? digestOf.get(name) : toBytes(use.digest)
    if (digest === undefined) return false
    useBlobs.run({ digest, at })
    useEntry.run({ ...name, at, pulls })
    days.add({ key, digest: toSha256(digest), at, pulls })
    return true
  }
  /** Returns those that are written later. */
  const writeAll = (uses: ReadonlyMap<string, Noted>): Map<string, Noted> => {
    let latest = 0
    const later = new Map<string, Noted>()
    for (const [text, use] of uses) {
      latest = Math.max(latest, use.at)
      if (!write(use) && use.tries < MOST_TRIES) later.set(text, { ...use, tries: use.tries + 1 })
    }
    days.forget(latest)
    return later
  }
  const inTransaction = db.transaction(writeAll)
  return {
    note: ({ key, digest, at, pulled }) => {
      const text = keyText(key)
      const known = noted.get(text)
      const pulls = pulled ? 1 : 0
      if (known !== undefined && (digest === undefined || known.digest === digest)) {
        known.at = Math.max(known.at, at)
        known.pulls += pulls
      } else {
        noted.set(text, { key, digest, at, pulls: pulls + (known?.pulls ?? 0), tries: 0 })
      }
    },
    flush: () => {
      if (noted.size === 0) return
      // Inside an open transaction this is a part of it.
      noted = db.inTransaction ? writeAll(noted) : inTransaction.immediate(noted)
    },
  }
}
