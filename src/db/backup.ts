import type { Sha256 } from '../domain/digest.ts'
import { runChore } from './chore.ts'
import { toSha256 } from './digests.ts'
import type { CopyAsk, IndexCopy } from './index-copy.ts'
import { openToRead } from './open.ts'

export type { IndexCopy } from './index-copy.ts'

/**
 * Copies the index `file` to `to` on a thread, whoever writes to it meanwhile; the copy appears whole or not at all, for
 * this user alone. Rejects when the index is damaged, or the disk refuses.
 */
export function copyIndex(ask: CopyAsk): Promise<IndexCopy> {
  return runChore('backup', ask)
}

const PAGE = 1000

/** Every blob that a copy of the index knows, in order. Nobody may write to the copy. */
export function* blobsIn(copy: string): Generator<{ readonly digest: Sha256; readonly size: number }> {
  const db = openToRead(copy)
  try {
    const next = db.prepare<[Buffer], { digest: Buffer; size: number }>(
      `SELECT digest, size FROM blobs WHERE digest > ? ORDER BY digest LIMIT ${PAGE}`,
    )
    let last: Buffer | undefined = Buffer.alloc(0)
    while (last !== undefined) {
      const rows = next.all(last)
      for (const { digest, size } of rows) yield { digest: toSha256(digest), size }
      last = rows.at(-1)?.digest
    }
  } finally {
    db.close()
  }
}
