import { toSha256 } from '../digests.ts'
import type { Db } from '../open.ts'
import { prepared } from '../prepared.ts'
import { DEEPEST } from './gather.ts'
import type { ImageName } from './rows.ts'
import { repositoryIds } from './tagged.ts'

/** Why an image stays although all its tags go: it is pinned, or part of an image of its repository that stays. */
export type Bond = 'pinned' | 'part'

/**
 * What keeps each of these images when they all lose their tags at once; undefined: nothing does. The work is that of
 * what is above them.
 */
export function bonds(db: Db, { images }: { images: readonly ImageName[] }): readonly (Bond | undefined)[] {
  return db.transaction(() => {
    const places = placesOf(db, images)
    const found = places.map(({ isPinned }): Bond | undefined => (isPinned ? 'pinned' : undefined))
    const going = new Set(places.filter(({ isPinned }) => !isPinned).map(({ key }) => key))
    // What turns out to stay keeps its own parts.
    for (let before = -1; before !== going.size; ) {
      before = going.size
      for (const [at, { key, above }] of places.entries()) {
        if (!going.has(key) || above.every((parent) => going.has(parent))) continue
        found[at] = 'part'
        going.delete(key)
      }
    }
    return found
  })()
}

interface Place {
  readonly key: string
  readonly isPinned: boolean
  /** Keys of what is above it and has a name in the same repository. */
  readonly above: readonly string[]
}

function placesOf(db: Db, images: readonly ImageName[]): readonly Place[] {
  const idOf = repositoryIds(db)
  const pinned = prepared<[Buffer], number>(db, 'SELECT pinned FROM main.blobs WHERE digest = ?').pluck()
  const above = prepared<{ digest: Buffer; id: number }, Buffer>(
    db,
    `WITH RECURSIVE above (digest, depth) AS (
       SELECT @digest, 0 UNION
       SELECT e.parent, depth + 1 FROM above CROSS JOIN main.edges e ON e.child = above.digest
        WHERE depth < ${DEEPEST})
     SELECT DISTINCT a.digest FROM above a
      WHERE a.digest <> @digest
        AND EXISTS (SELECT 1 FROM main.entries n JOIN main.blobs b ON b.digest = n.digest
                     WHERE n.digest = a.digest AND n.repository = @id AND n.kind = 'manifest')`,
  ).pluck()
  return images.map((image) => {
    const id = idOf(image) ?? -1
    const digest = Buffer.from(image.digest.slice(7), 'hex')
    return {
      key: `${id} ${image.digest}`,
      isPinned: pinned.get(digest) === 1,
      above: above.all({ digest, id }).map((parent) => `${id} ${toSha256(parent)}`),
    }
  })
}
