import type { ColdBlob, ColdMark } from '../db/blobs.ts'
import type { Index } from '../db/index.ts'
import type { Annexed, AnnexPlace } from './annex.ts'
import type { Leaving, Left } from './leaving.ts'
import { writeUses } from './uses.ts'

/** Blobs looked at in one go. */
const PAGE = 200

export const NOTHING: Left = { objects: 0, bytes: 0 }

export function sum(a: Left, b: Left): Left {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes }
}

/** Takes out the least recently used blobs, and what lies beside the store in between, until `bytes` are free. */
export function createContentEviction(deps: {
  index: Index
  leaving: Leaving
  annex: Pick<AnnexPlace, 'coldest' | 'evict'>
}): (bytes: number) => Promise<Left> {
  const { index, leaving } = deps

  /** The coldest of what lies beside the store, as long as it is to go; it settles its own bytes. */
  const fromAnnex = async ({ name }: Annexed, tried: Set<string>): Promise<Left> => {
    tried.add(name)
    const bytes = await deps.annex.evict(name)
    return bytes === 0 ? NOTHING : { objects: 1, bytes }
  }

  /** Blobs of a page, with what of the annex was used longer ago than any of them in between. */
  const fromPage = async (page: readonly ColdBlob[], bytes: number, tried: Set<string>): Promise<Left> => {
    let gone = NOTHING
    for (let at = 0; at < page.length && gone.bytes < bytes; ) {
      const annexed = await deps.annex.coldest(tried)
      const before = annexed?.usedAt ?? Number.POSITIVE_INFINITY
      const next = page.findIndex(({ usedAt }, i) => i >= at && usedAt > before)
      const end = next < 0 ? page.length : next
      gone = sum(
        gone,
        await leaving.leave(page.slice(at, end), { enough: (now) => gone.bytes + now >= bytes }),
      )
      at = end
      if (annexed !== undefined && at < page.length && gone.bytes < bytes)
        gone = sum(gone, await fromAnnex(annexed, tried))
    }
    return gone
  }

  return async (bytes) => {
    let gone = NOTHING
    let mark: ColdMark | undefined
    // What turned out to be in use is not asked for again.
    const tried = new Set<string>()
    while (gone.bytes < bytes) {
      writeUses(index)
      const page = index.blobs.coldest(PAGE, mark)
      gone = sum(gone, await fromPage(page, bytes - gone.bytes, tried))
      if (page.length < PAGE) break
      mark = page.at(-1)
    }
    while (gone.bytes < bytes) {
      const annexed = await deps.annex.coldest(tried)
      if (annexed === undefined) break
      gone = sum(gone, await fromAnnex(annexed, tried))
    }
    return gone
  }
}
