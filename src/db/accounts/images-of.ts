import type { Db } from '../open.ts'
import { needOf } from './kept.ts'
import { ledgerOf } from './lists.ts'
import type { TimesOfUse } from './rows.ts'

/** An image as a part of its repository's sums. */
export interface ImageShare extends TimesOfUse {
  /** Id of its repository. */
  readonly repository: number
  /** All of them. */
  readonly tags: readonly string[]
  readonly pinned: boolean
  readonly total: number
  readonly onlyHere: number
}

/** Images of some repositories; undefined where there are more than `most` of them. */
export function imagesOf(
  db: Db,
  {
    repositories,
    most,
    since,
  }: { repositories: readonly number[]; most: number; since?: number | undefined },
): readonly ImageShare[] | undefined {
  const { value: ledger } = ledgerOf(db, needOf({ since }))
  const wanted = new Set(repositories)
  const found: ImageShare[] = []
  for (const { of, tagList, pinned, total, onlyHere, firstCached, lastUsed, pulls } of ledger.images) {
    if (!wanted.has(of.id)) continue
    if (found.length === most) return undefined
    const tags = tagList === '' ? [] : tagList.split(' ')
    found.push({ repository: of.id, tags, pinned, total, onlyHere, firstCached, lastUsed, pulls })
  }
  return found
}
