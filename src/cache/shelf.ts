import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Clock } from '../domain/clock.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import type { Log } from '../domain/log.ts'
import { hashPaced } from '../store/check.ts'
import { readFile } from '../store/file.ts'
import type { OpenBlob, Store } from '../store/store.ts'
import type { Budgets } from './budgets.ts'
import { type Hot, isSmall } from './hot.ts'
import type { Quota } from './quota.ts'
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
  /** What was found damaged is put aside and counts as absent from now on. */
  condemn(known: Known, why: string): Promise<void>
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
  budgets: Budgets
  clock: Clock
  log: Log
}): Shelf {
  const { index, store, hot, clock } = deps
  const drop = createCondemning(deps)
  const checks = new Map<string, Promise<boolean>>()

  const noteVerified = (digest: Sha256, stamp: number): Promise<void> =>
    index.transact(() => index.blobs.verified(digest, stamp, clock()))

  /** The file changed since it was verified: hashed once more, by one request for all. */
  const isStillRight = (known: Known, file: OpenBlob): Promise<boolean> => {
    const key = `${known.digest} ${file.stamp}`
    const running = checks.get(key)
    if (running !== undefined) return running
    const check = hashPaced(file, { rate: 0, waiter: 'client' }).then(async (hex) => {
      const found = `sha256:${hex}`
      if (found === known.digest) await unlessTrouble(noteVerified(known.digest, file.stamp))
      return found === known.digest
    })
    checks.set(key, check)
    const done = () => void checks.delete(key)
    check.then(done, done)
    return check
  }

  /** A disk that fails now has nothing for us; what it holds is not given up for that. */
  const openFile = async (known: Known): Promise<OpenBlob | 'failed' | undefined> => {
    try {
      return await store.open(known.digest)
    } catch (error) {
      if (!isTrouble(error)) throw error
      deps.log.warn({ event: 'blob.unreadable', digest: known.digest, error }, 'blob cannot be opened')
      return 'failed'
    }
  }

  const open = async (known: Known): Promise<OpenBlob | undefined> => {
    const file = await openFile(known)
    if (file === 'failed') return undefined
    const flaw = file === undefined ? 'its file is missing' : await flawOf(known, file)
    if (flaw === undefined) return file
    const other = await drop(known, flaw)
    return other === undefined ? undefined : await open(other)
  }

  /** Why the file cannot be used, and then it is closed. */
  const flawOf = async (known: Known, file: OpenBlob): Promise<string | undefined> => {
    try {
      if (file.size === known.size && (file.stamp === known.stamp || (await isStillRight(known, file)))) {
        return undefined
      }
    } catch (error) {
      file.close()
      if (!isTrouble(error)) throw error
      return 'it cannot be read'
    }
    file.close()
    return file.size === known.size ? 'its bytes changed' : `it has ${file.size} bytes, not ${known.size}`
  }

  const loadAll = async (known: Known): Promise<Buffer | undefined> => {
    const warm = hot.get(known.digest)
    if (warm !== undefined) return warm
    const file = await open(known)
    if (file === undefined) return undefined
    const bytes = await readWhole(file).catch((error: unknown) => {
      if (!isTrouble(error)) throw error
      return undefined
    })
    if (bytes === undefined || digestOf(bytes) !== known.digest) {
      const other = await drop(known, bytes === undefined ? 'it cannot be read' : 'its bytes changed')
      return other === undefined ? undefined : await loadAll(other)
    }
    hot.put(known.digest, bytes)
    return bytes
  }

  const condemn = async (known: Known, why: string): Promise<void> => void (await drop(known, why))

  return {
    open,
    loadAll,
    condemn,
    load: async (known) => (isSmall(known.size) ? await loadAll(known) : undefined),
  }
}

/** Takes out what was found damaged; gives the row of another file that has taken its place meanwhile. */
function createCondemning(deps: {
  index: Index
  store: Store
  hot: Hot
  quota: Quota
  budgets: Budgets
  log: Log
}): (known: Known, why: string) => Promise<Known | undefined> {
  const { index, store } = deps
  return async ({ digest, size, stamp }, why) => {
    const take = (): Known | undefined => {
      const row = index.blobs.find(digest)
      if (row?.stamp !== stamp) return row
      deps.budgets.loses(digest, size)
      index.blobs.remove(digest)
      // What stays aside counts as used until it goes.
      deps.quota.settle(store.quarantine(digest) - onDisk(size))
      return undefined
    }
    const other = await unlessTrouble(index.transact(take))
    if (other !== undefined) return other
    deps.log.warn({ event: 'blob.damaged', digest, why }, `blob is fetched again: ${why}`)
    deps.hot.drop(digest)
    return undefined
  }
}

/** Where the index cannot be written, the next reader does the work once more. */
async function unlessTrouble<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (!isTrouble(error)) throw error
    return undefined
  }
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
