import type { Index } from '../db/index.ts'
import { parseDigest, type Sha256 } from '../domain/digest.ts'
import type { EntryKey } from '../domain/names.ts'

/**
 * Fetches content again under one of the names it had, the first that gives it. Settles with the reason where none of
 * them does.
 */
export function createRefetch(deps: {
  readonly index: Index
  readonly refetch: (key: EntryKey) => Promise<void>
}): (digest: Sha256, keys: readonly EntryKey[]) => Promise<string | undefined> {
  const { index } = deps
  return async (digest, keys) => {
    let why = 'no name leads to it'
    for (const key of byDigestFirst(digest, keys)) {
      try {
        await deps.refetch(key)
        // A tag may lead elsewhere by now.
        if (isDirect(digest, key) || index.blobs.find(digest) !== undefined) return undefined
        why = 'its upstream has something else under that name now'
      } catch (error) {
        why = error instanceof Error ? error.message : String(error)
      }
    }
    return why
  }
}

const isDirect = (digest: Sha256, { ref }: EntryKey): boolean => parseDigest(ref) === digest

function byDigestFirst(digest: Sha256, keys: readonly EntryKey[]): readonly EntryKey[] {
  const direct = keys.filter((key) => isDirect(digest, key))
  return [...direct, ...keys.filter((key) => !direct.includes(key))]
}
