import type { Index } from '../db/index.ts'
import { onDisk } from '../domain/blocks.ts'
import type { Clock } from '../domain/clock.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import { MIB } from '../domain/units.ts'
import { readFile } from '../store/file.ts'
import { listBlobs, sizeOfBlob } from '../store/listing.ts'
import type { OpenBlob, Store } from '../store/store.ts'
import { referencesOf } from './references.ts'

export interface Reconciled {
  /** Files that had no row. */
  readonly found: number
  /** Rows that had no file. */
  readonly dropped: number
}

/** Rows in one transaction: a few milliseconds of the event loop. */
const BATCH = 200
/** Larger content is no manifest. */
const LARGEST_MANIFEST = 4 * MIB
/** All folders of blobs, by the first byte of their digests. */
const FOLDERS = Array.from({ length: 256 }, (_, first) => first)

export interface ReconcileDeps {
  readonly index: Index
  readonly store: Store
  readonly clock: Clock
  /** Where usage is counted already; without it, it has to be counted anew afterwards. */
  readonly account?: Account
}

/** Keeps count of what lies on disk. */
export interface Account {
  /** Before the row of a blob goes whose file is missing. */
  lost(digest: Sha256, size: number): void
  /** So many bytes more are counted, or fewer. */
  settle(bytes: number): void
}

/**
 * Brings rows and files together after a crash, or after the index was put back: rows without a file go, files
 * without a row get one, and what manifests among these reference is known again. Downloads may go on meanwhile.
 */
export async function reconcile(
  deps: ReconcileDeps,
  folders: readonly number[] = FOLDERS,
): Promise<Reconciled> {
  const sums = { found: 0, dropped: 0 }
  for (const first of folders) {
    const files = new Set(await listBlobs(deps.store.layout, first))
    const rows = new Set(deps.index.found.digests(first))
    sums.dropped += await drop(deps, [...rows.difference(files)])
    sums.found += await adopt(deps, [...files.difference(rows)])
  }
  return sums
}

/** Looks once more inside the transaction: a download may just have landed. */
async function drop(deps: ReconcileDeps, digests: readonly Sha256[]): Promise<number> {
  const { index, store, account } = deps
  let dropped = 0
  for (const batch of batches(digests)) {
    const gone = await index.transact(() => {
      const rows = batch.filter((digest) => !store.hasFile(digest)).map((digest) => index.blobs.find(digest))
      const lost = rows.filter((row) => row !== undefined)
      for (const { digest, size } of lost) {
        account?.lost(digest, size)
        index.blobs.remove(digest)
      }
      return lost
    })
    for (const { size } of gone) account?.settle(-onDisk(size))
    dropped += gone.length
  }
  return dropped
}

async function adopt(deps: ReconcileDeps, digests: readonly Sha256[]): Promise<number> {
  const { index, store, clock } = deps
  let found = 0
  for (const batch of batches(digests)) {
    const files = await Promise.all(batch.map((digest) => lookAt(store, digest)))
    const added = await index.transact(() => {
      // Not those that left, or landed, meanwhile.
      const here = files.filter((file) => file !== undefined).filter(({ digest }) => store.hasFile(digest))
      const lacking = here.filter(({ digest }) => index.blobs.find(digest) === undefined)
      for (const { digest, size, edges } of lacking) {
        index.found.add({ digest, size, at: clock() })
        index.edges.put(digest, edges)
      }
      return lacking
    })
    for (const { size } of added) deps.account?.settle(onDisk(size))
    found += added.length
  }
  return found
}

async function lookAt(store: Store, digest: Sha256) {
  const size = await sizeOfBlob(store.layout, digest)
  if (size === undefined) return undefined
  const bytes = size <= LARGEST_MANIFEST ? await readJson(store, digest) : undefined
  const isRight = bytes !== undefined && digestOf(bytes) === digest
  return { digest, size, edges: isRight ? referencesOf(bytes) : [] }
}

/** The bytes of a file that begins as JSON does; undefined for others and for those that cannot be read. */
async function readJson(store: Store, digest: Sha256): Promise<Buffer | undefined> {
  let file: OpenBlob | undefined
  try {
    file = await store.open(digest)
    if (file === undefined) return undefined
    const begin = Buffer.alloc(1)
    await readFile(file.fd, begin, 1, 0)
    if (begin.toString() !== '{') return undefined
    const bytes = Buffer.alloc(file.size)
    const read = await readFile(file.fd, bytes, bytes.length, 0)
    return bytes.subarray(0, read)
  } catch {
    return undefined
  } finally {
    file?.close()
  }
}

function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += BATCH) yield all.slice(at, at + BATCH)
}
