import type { Digest } from '../domain/digest.ts'
import { type EntryKey, keyText } from '../domain/names.ts'
import { fromRef, toRef } from './digests.ts'
import type { Db } from './open.ts'
import type { RepositoryIds } from './repositories.ts'

/** What an upstream said of a cached name since it last confirmed it. */
export interface News {
  /** When it was found that the upstream does not have it any more. */
  readonly goneAt: number | undefined
  /** Where the upstream's tag leads by now. */
  readonly movedTo: Digest | undefined
}

/** Notes about names that are cached; what is not cached is not noted. Confirming and putting an entry clears them. */
export interface Gone {
  /**
   * The upstream does not have it any more; the time when that was first found stays. In memory until `flushNews`, so
   * that no answer waits for it.
   */
  noteGone(key: EntryKey, at: number): void
  /** The upstream's tag leads elsewhere, while the entry stays as it is. */
  noteMoved(key: EntryKey, to: Digest): void
  /** What is written down. */
  newsOf(key: EntryKey): News
  /** Writes what was noted. Throws when the index cannot be written; nothing is lost then. */
  flushNews(): void
}

const AT = 'repository = @repository AND kind = @kind AND ref = @ref'
const NO_NEWS: News = { goneAt: undefined, movedTo: undefined }

export function createGone(
  db: Db,
  repositoryId: RepositoryIds,
): Gone & { /** The upstream has it after all. */ forget(key: EntryKey): void } {
  const gone = db.prepare(`UPDATE entries SET gone_at = @at, moved_to = NULL WHERE ${AT} AND gone_at IS NULL`)
  const moved = db.prepare(
    `UPDATE entries SET gone_at = NULL, moved_to = @to
      WHERE ${AT} AND digest <> @to AND (moved_to IS NOT @to OR gone_at IS NOT NULL)`,
  )
  const news = db.prepare<object, { gone_at: number | null; moved_to: Buffer | null }>(
    `SELECT gone_at, moved_to FROM entries WHERE ${AT}`,
  )
  let noted = new Map<string, { readonly key: EntryKey; readonly at: number }>()

  const forget = (key: EntryKey): void => {
    if (noted.size > 0) noted.delete(keyText(key))
  }
  const placeOf = (key: EntryKey) => {
    const repository = repositoryId.find(key)
    return repository === undefined ? undefined : { repository, kind: key.kind, ref: toRef(key.ref) }
  }
  const write = (all: typeof noted): void => {
    for (const { key, at } of all.values()) {
      const place = placeOf(key)
      if (place !== undefined) gone.run({ ...place, at })
    }
  }
  const writeAll = db.transaction(write)

  return {
    noteGone: (key, at) => {
      const text = keyText(key)
      if (!noted.has(text)) noted.set(text, { key, at })
    },
    noteMoved: (key, to) => {
      forget(key)
      const place = placeOf(key)
      if (place !== undefined) moved.run({ ...place, to: toRef(to) })
    },
    newsOf: (key) => {
      const place = placeOf(key)
      const row = place === undefined ? undefined : news.get(place)
      if (row === undefined) return NO_NEWS
      const { gone_at: goneAt, moved_to: to } = row
      // Written by `noteMoved` above: the bytes of a digest.
      return { goneAt: goneAt ?? undefined, movedTo: to === null ? undefined : (fromRef(to) as Digest) }
    },
    flushNews: () => {
      if (noted.size === 0) return
      // Inside an open transaction this is a part of it.
      if (db.inTransaction) write(noted)
      else writeAll.immediate(noted)
      noted = new Map()
    },
    forget,
  }
}
