import type { Index } from '../db/index.ts'
import type { Sha256 } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'
import type { Budgets } from './budgets.ts'
import type { Departures } from './departures.ts'
import type { Leaving } from './leaving.ts'
import type { Pinned } from './pinned.ts'
import type { Removal } from './removal.ts'
import { writeUses } from './uses.ts'

export type Evicted = 'gone' | 'absent' | 'pinned' | 'in_use'

/** Takes single things out, for clients that delete. */
export interface Evictor {
  /**
   * A manifest by its digest goes with the image it stands for, all its tags, and what nothing else needs. A tag goes
   * alone while something else keeps its image, with the image where it was the last. A blob loses this name; its bytes
   * go too unless another name leads to them.
   */
  evict(key: EntryKey): Promise<Evicted>
}

export function createEvictor(deps: {
  index: Index
  budgets: Budgets
  leaving: Leaving
  departures: Pick<Departures, 'note'>
  removal: Removal
  pinned: Pinned
}): Evictor {
  const { index, budgets, leaving, departures, removal, pinned: pins } = deps

  const evictImage = async ({ upstream, repository }: EntryKey, digest: Sha256): Promise<Evicted> => {
    const images = [{ upstream, repository, digest }]
    const { pinned, inUse } = await removal.preview({ images, files: [] })
    if (pinned.length > 0) return 'pinned'
    if (inUse.length > 0) return 'in_use'
    departures.note('removed', await removal.remove({ images, files: [] }))
    return 'gone'
  }

  const evictTag = async (key: EntryKey, digest: Sha256): Promise<Evicted> => {
    if (pins.covers(key)) return 'pinned'
    const images = [{ upstream: key.upstream, repository: key.repository, digest }]
    const [tags = ''] = await index.clerk.ask('standings', { images })
    const [bond] = await index.clerk.ask('bonds', { images })
    const isLast = tags === key.ref && bond === undefined
    if (isLast) return await evictImage(key, digest)
    await removal.dropNames([{ ...key, digest }])
    return 'gone'
  }

  const evictBlob = async (key: EntryKey, digest: Sha256): Promise<Evicted> => {
    // Else it would count as used since it was looked at, and stay.
    writeUses(index)
    const standing = index.blobs.standing(digest)
    if (standing?.pinned === true) return 'pinned'
    await index.transact(() => budgets.dropping(key, () => index.entries.drop(key)))
    const row = index.blobs.find(digest)
    const isNamed = index.entries.namesOf(digest, 1).length > 0
    if (row !== undefined && standing !== undefined && !isNamed)
      departures.note('removed', await leaving.leave([{ ...row, usedAt: standing.usedAt }]))
    return 'gone'
  }

  return {
    evict: async (key) => {
      const entry = index.entries.find(key)
      if (entry === undefined) return 'absent'
      const { digest } = entry
      if (key.kind === 'blob') return await evictBlob(key, digest)
      return await (key.ref.includes(':') ? evictImage(key, digest) : evictTag(key, digest))
    },
  }
}
