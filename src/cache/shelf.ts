import { createHash } from 'node:crypto'
import type { Index } from '../db/index.ts'
import type { Clock } from '../domain/clock.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import type { Log } from '../domain/log.ts'
import { MIB } from '../domain/units.ts'
import { readFile } from '../store/file.ts'
import type { OpenBlob, Store } from '../store/store.ts'
import { type Hot, isSmall } from './hot.ts'
import { onDisk, type Quota } from './quota.ts'
import { isTrouble } from './trouble.ts'

export interface Known {
  readonly digest: Sha256
  readonly size: number
  readonly stamp: number
}

export interface Shelf {
  /** The open file of a blob, unchanged since it was verified. Undefined when it has to be fetched again. */
  open(known: Known): Promise<OpenBlob | undefined>
  /** The bytes of small content, hashed as they are read. Undefined when it is not small, or has to be fetched again. */
  load(known: Known): Promise<Buffer | undefined>
  /** As `load`, for content of any size. */
  loadAll(known: Known): Promise<Buffer | undefined>
}

/**
 * What is on disk, trusted only as far as it was verified: a missing, short or wrong file is taken out of the
 * index and counts as absent, so the same request fetches it again.
 */
export function createShelf(deps: {
  index: Index
  store: Store
  hot: Hot
  quota: Quota
  clock: Clock
  log: Log
}): Shelf {
  const { index, store, hot, clock } = deps
  const checks = new Map<Sha256, Promise<boolean>>()

  const drop = async ({ digest, size }: Known, why: string): Promise<void> => {
    deps.log.warn({ event: 'blob.damaged', digest, why }, `blob is fetched again: ${why}`)
    hot.drop(digest)
    try {
      const removed = await index.transact(() => {
        store.retire(digest)
        return index.blobs.remove(digest)
      })
      if (removed) deps.quota.settle(-onDisk(size))
      await store.emptyTrash()
    } catch (error) {
      if (!isTrouble(error)) throw error
    }
  }

  /** The file changed since it was verified: hashed once more, by one request for all. */
  const isStillRight = (known: Known, file: OpenBlob): Promise<boolean> => {
    const running = checks.get(known.digest)
    if (running !== undefined) return running
    const check = hashFile(file).then(async (found) => {
      if (found === known.digest)
        await index.transact(() => index.blobs.verified(known.digest, file.stamp, clock()))
      return found === known.digest
    })
    checks.set(known.digest, check)
    const done = () => void checks.delete(known.digest)
    check.then(done, done)
    return check
  }

  const open = async (known: Known): Promise<OpenBlob | undefined> => {
    const file = await store.open(known.digest)
    if (file === undefined) {
      await drop(known, 'its file is missing')
      return undefined
    }
    if (file.size === known.size && (file.stamp === known.stamp || (await isStillRight(known, file))))
      return file
    file.close()
    await drop(
      known,
      file.size === known.size ? 'its bytes changed' : `it has ${file.size} bytes, not ${known.size}`,
    )
    return undefined
  }

  const loadAll = async (known: Known): Promise<Buffer | undefined> => {
    const warm = hot.get(known.digest)
    if (warm !== undefined) return warm
    const file = await open(known)
    if (file === undefined) return undefined
    const bytes = await readWhole(file)
    if (digestOf(bytes) !== known.digest) {
      await drop(known, 'its bytes changed')
      return undefined
    }
    hot.put(known.digest, bytes)
    return bytes
  }

  return { open, loadAll, load: async (known) => (isSmall(known.size) ? await loadAll(known) : undefined) }
}

async function readWhole(file: OpenBlob): Promise<Buffer> {
  try {
    const bytes = Buffer.allocUnsafeSlow(file.size)
    let at = 0
    while (at < file.size) {
      const read = await readFile(file.fd, bytes.subarray(at), file.size - at, at)
      if (read === 0) break
      at += read
    }
    return bytes.subarray(0, at)
  } finally {
    file.close()
  }
}

/** Does not close the file. */
async function hashFile(file: OpenBlob): Promise<Sha256> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafeSlow(MIB)
  for (let at = 0; ; ) {
    const read = await readFile(file.fd, buffer, MIB, at)
    if (read === 0) break
    hash.update(buffer.subarray(0, read))
    at += read
  }
  return `sha256:${hash.digest('hex')}`
}
