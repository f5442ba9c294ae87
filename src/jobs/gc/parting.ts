import type { Left } from '../../cache/leaving.ts'
import { writeUses } from '../../cache/uses.ts'
import type { PlannedImage } from '../../db/accounts/plan-shape.ts'
import type { RemovedName } from '../../db/accounts/removal.ts'
import type { Sha256 } from '../../domain/digest.ts'
import type { GcDeps } from './deps.ts'

/** Taking out images that a goal is about, as far as they are still as they were. */
export interface Parting {
  /** Those that still have no tag, with what nothing else needs. */
  removeUntagged(images: readonly PlannedImage[]): Promise<Left>
  /** Parts of indexes, which stay, and plain images; with what nothing else needs. */
  removeParts(images: readonly PlannedImage[]): Promise<Left>
}

/** Names dropped in one transaction. */
const PAGE = 200
const NOTHING: Left = { objects: 0, bytes: 0 }

export function createParting({ index, store, budgets, leaving, removal }: GcDeps): Parting {
  /** Nothing of them is being read, was used, or pinned since. */
  const unchanged = async (images: readonly PlannedImage[], untagged: boolean) => {
    writeUses(index)
    const still = await index.clerk.ask('asPlanned', { images, untagged })
    const held = store.held()
    if (held.length === 0) return still
    const busy = new Set(await index.clerk.ask('above', { digests: held }))
    return still.filter(({ digest }) => !busy.has(digest))
  }

  const dropNames = async (names: readonly RemovedName[]): Promise<void> => {
    for (let at = 0; at < names.length; at += PAGE) {
      const page = names.slice(at, at + PAGE)
      await index.transact(() => {
        for (const name of page)
          budgets.dropping(
            name,
            () => index.entries.find(name)?.digest === name.digest && index.entries.drop(name),
          )
      })
    }
  }

  /** A use of the index, which stays, is none of its parts. */
  const toLeaver = (digest: Sha256) => {
    const row = index.blobs.find(digest)
    return row === undefined ? [] : [{ ...row, usedAt: Number.POSITIVE_INFINITY }]
  }

  return {
    removeUntagged: async (images) => {
      const still = await unchanged(images, true)
      return still.length === 0 ? NOTHING : await removal.remove({ images: still, files: [] })
    },
    removeParts: async (images) => {
      const still = await unchanged(images, false)
      if (still.length === 0) return NOTHING
      const { entries, digests } = await index.clerk.ask('parts', { images: still })
      await dropNames(entries)
      return await leaving.leave(digests.flatMap(toLeaver), { gentle: true })
    },
  }
}
