import type { CacheParts } from '../cache/assemble.ts'
import type { MirrorLine } from '../db/accounts/file-facts.ts'

/** Mirrors of git repositories as lists of files have them. */
export async function mirrorsOf({
  parts,
}: {
  readonly parts: Pick<CacheParts, 'annex'>
}): Promise<readonly MirrorLine[]> {
  const all = await parts.annex.list()
  return all.map(({ name, bytes, createdAt, usedAt, confirmedAt, refusedAt, uses }) => ({
    repository: name,
    bytes,
    firstCached: createdAt,
    lastUsed: usedAt,
    pulls: uses,
    checkedAt: confirmedAt,
    goneAt: refusedAt,
  }))
}
