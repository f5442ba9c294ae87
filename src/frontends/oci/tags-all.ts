import type { Ask } from './ask.ts'
import { orAbort } from './drain.ts'
import { readShownTags, type TagSource } from './tags.ts'

/** Names in one question; no registry is known to give more. */
const STEP = 1000
/** Questions for one repository. */
const MOST_PAGES = 50

/**
 * Every tag of a repository as its upstream has it, the first 50,000 where there are more; while the upstream cannot be
 * asked, those that are cached. Rejects with the signal's reason.
 */
export async function readAllTags(
  source: TagSource,
  ask: Ask,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const tags = new Set<string>()
  let last: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const found = await orAbort(readShownTags(source, ask, { n: STEP, last }, undefined), signal)
    for (const tag of found.tags) tags.add(tag)
    const next = found.tags.at(-1)
    if (!found.more || next === undefined || next === last) break
    last = next
  }
  return [...tags]
}
