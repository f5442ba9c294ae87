import type { ImageShare } from '../db/accounts/images-of.ts'
import type { RepositoryRow } from '../db/accounts/rows.ts'
import type { RepositorySums } from '../db/accounts/tree.ts'
import type { Index } from '../db/index.ts'
import type { Access } from '../domain/access.ts'
import { lastDeed } from './deeds.ts'
import { seesAll } from './shown.ts'

interface HasIndex {
  readonly index: Pick<Index, 'clerk'>
}

interface Named {
  readonly id: number
  readonly name: string
}

/** With more images than that no sums are told: what they are made of goes from thread to thread. */
const MOST = 20_000
const NONE: RepositorySums = {
  tags: 0,
  images: 0,
  total: 0,
  onlyHere: 0,
  firstCached: 0,
  lastUsed: 0,
  pulls: 0,
  pinned: false,
}

/** Numbers of those repositories of which somebody may know some tags only: of what is shown of them, by their ids. */
export async function shownSums(
  { index }: HasIndex,
  access: Access,
  repositories: readonly Named[],
): Promise<ReadonlyMap<number, RepositorySums>> {
  const apart = seesAll(access) ? [] : repositories.filter(({ name }) => access.tellsApart(name))
  if (apart.length === 0) return new Map()
  const asked = { repositories: apart.map(({ id }) => id), most: MOST, since: lastDeed({ index }) }
  const images = await index.clerk.ask('imagesOf', asked)
  const byId = Map.groupBy(images ?? [], ({ repository }) => repository)
  return new Map(
    apart.map(({ id, name }) => {
      const may = (reference: string): boolean => access.mayPull({ name, reference })
      return [id, sumsOf(byId.get(id) ?? [], may)]
    }),
  )
}

/** The same for rows of a list; other rows stay as they are. */
export async function withShownSums<T extends RepositoryRow>(
  deps: HasIndex,
  access: Access,
  rows: readonly T[],
): Promise<readonly T[]> {
  const named = rows.map(({ repositoryId: id, name }) => ({ id, name }))
  const sums = await shownSums(deps, access, named)
  return rows.map((row) => {
    const own = sums.get(row.repositoryId)
    return own === undefined ? row : { ...row, ...own, shared: own.total - own.onlyHere }
  })
}

/** What images share counts for each of them: what it is without the hidden ones, nobody has added up. */
function sumsOf(images: readonly ImageShare[], may: (tag: string) => boolean): RepositorySums {
  let sums = NONE
  for (const image of images) {
    const tags = image.tags.filter(may)
    if (tags.length === 0 && image.tags.length > 0) continue
    sums = {
      tags: sums.tags + tags.length,
      images: sums.images + 1,
      total: sums.total + image.total,
      onlyHere: sums.onlyHere + image.onlyHere,
      firstCached: sums.images === 0 ? image.firstCached : Math.min(sums.firstCached, image.firstCached),
      lastUsed: Math.max(sums.lastUsed, image.lastUsed),
      // Those of an image are those of all its tags.
      pulls: sums.pulls + (tags.length === image.tags.length ? image.pulls : 0),
      pinned: sums.pinned || image.pinned,
    }
  }
  return sums
}
