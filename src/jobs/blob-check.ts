import { isTrouble } from '../cache/trouble.ts'
import type { BlobRow } from '../db/blobs.ts'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import type { Sha256 } from '../domain/digest.ts'
import { hashPaced, type Pace } from '../store/check.ts'
import { isStoreTrouble } from '../store/file.ts'
import type { OpenBlob, Store } from '../store/store.ts'
import type { VerifyProblem } from './problem.ts'

export interface Flaw {
  readonly problem: Exclude<VerifyProblem['problem'], 'stray'>
  /** Set where the file may well be right, but could not be opened now: it is not given up for that. */
  readonly closed?: string
}

export interface Checked {
  readonly row: BlobRow
  readonly flaw: Flaw | undefined
}

/**
 * Hashes the file of a blob and notes when that was. Undefined where the blob is not here any more: content leaves, and
 * comes anew, while it is looked at. Rejects with the reason of the signal.
 */
export function createBlobCheck(deps: {
  readonly index: Index
  readonly store: Store
  readonly clock: Clock
}): (digest: Sha256, pace: Pace) => Promise<Checked | undefined> {
  const { index, store, clock } = deps

  /** Where the index cannot be written the check counts all the same, only not for the next one. */
  const note = async (digest: Sha256, stamp: number): Promise<void> => {
    try {
      await index.transact(() => index.blobs.verified(digest, stamp, clock()))
    } catch (error) {
      if (!isTrouble(error)) throw error
    }
  }

  const read = async (row: BlobRow, file: OpenBlob, pace: Pace): Promise<Flaw | undefined> => {
    if (file.size !== row.size) return { problem: 'size' }
    const hex = await hashPaced(file, pace)
    if (`sha256:${hex}` !== row.digest) return { problem: 'damaged' }
    await note(row.digest, file.stamp)
    return undefined
  }

  const check = async (row: BlobRow, pace: Pace): Promise<Flaw | undefined> => {
    let file: OpenBlob | undefined
    try {
      file = await store.open(row.digest)
      if (file === undefined) return { problem: store.hasFile(row.digest) ? 'unreadable' : 'missing' }
      return await read(row, file, pace)
    } catch (error) {
      pace.signal?.throwIfAborted()
      if (!isStoreTrouble(error)) throw error
      const problem = 'unreadable'
      return file === undefined ? { problem, closed: String(error) } : { problem }
    } finally {
      file?.close()
    }
  }

  return async (digest, pace) => {
    for (let row = index.blobs.find(digest); row !== undefined; ) {
      const flaw = await check(row, pace)
      const now = flaw === undefined ? row : index.blobs.find(digest)
      if (now?.stamp === row.stamp) return { row, flaw }
      row = now
    }
    return undefined
  }
}
