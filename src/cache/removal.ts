import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Removal as Account, RemovalAsk, RemovedName } from '../db/accounts/removal.ts'
import type { ReplacedImage } from '../db/accounts/replaced.ts'
import type { Index } from '../db/index.ts'
import type { Sha256 } from '../domain/digest.ts'
import { fileText, type WholeFileName } from '../domain/file-names.ts'
import type { Store } from '../store/store.ts'
import type { Budgets } from './budgets.ts'
import type { Leaver, Leaving, Left } from './leaving.ts'
import { writeUses } from './uses.ts'

/** An image: what one repository has under one digest, with everything below. */
export interface ImageKey {
  readonly upstream: string
  readonly repository: string
  readonly digest: Sha256
  /** Where it is known. */
  readonly mediaType?: string | undefined
}

/** What is to go. */
export interface Targets {
  readonly images: readonly ImageKey[]
  /** Those that no pin covers, which is for the caller to know. */
  readonly files: readonly WholeFileName[]
}

export interface RemovalPreview {
  readonly objects: number
  /** Of all that they hold, bytes on disk. `frees` is what would leave the disk. */
  readonly total: number
  readonly frees: number
  /** Images that stay. */
  readonly pinned: readonly ImageKey[]
  readonly inUse: readonly ImageKey[]
  readonly filesInUse: readonly WholeFileName[]
}

/** Images and files as they are at this moment. */
export interface Looked {
  /** Something of them is being read. */
  readonly busy: readonly ImageKey[]
  readonly busyFiles: readonly WholeFileName[]
  /** What taking out the others would do. */
  readonly account: Account
}

export interface Removal {
  look(targets: Targets): Promise<Looked>
  /** What taking them out would do, at this moment. */
  preview(targets: Targets): Promise<RemovalPreview>
  /** Takes them out, with what nothing else needs. What is pinned or being read stays. */
  remove(targets: Targets): Promise<Left>
  /** Takes out what an account says, as far as it is still so. */
  carryOut(account: Account): Promise<Left & { readonly dropped: readonly RemovedName[] }>
  /** Takes names out, as far as they still lead there, and nothing else. Returns those that went. */
  dropNames(names: readonly RemovedName[]): Promise<readonly RemovedName[]>
  /** As `remove`, for those that have no tag and were not asked for since they were looked at. */
  removeReplaced(images: readonly ReplacedImage[]): Promise<Left>
}

/** A client has its last byte a moment before its reading has ended here: whoever evicts then is not refused. */
const PARTING_MS = 25
const MOST_WAITS = 8

interface Busy {
  readonly images: ReadonlySet<ImageKey>
  readonly files: ReadonlySet<WholeFileName>
}

/** Names dropped, and blobs looked at, in one transaction. */
const PAGE = 200

export function createRemoval(deps: {
  index: Index
  store: Store
  budgets: Budgets
  leaving: Leaving
}): Removal {
  const { index, store, budgets, leaving } = deps

  const inUse = createInUse(index, store)

  const part = async (targets: Targets) => {
    writeUses(index)
    const busy = await inUse(targets)
    const free: RemovalAsk = {
      images: targets.images.filter((image) => !busy.images.has(image)),
      files: targets.files.filter((file) => !busy.files.has(file)),
    }
    return { busy: [...busy.images], busyFiles: [...busy.files], free }
  }

  const look: Removal['look'] = async (targets) => {
    const { free, ...busy } = await part(targets)
    return { ...busy, account: await index.clerk.ask('removal', free) }
  }

  /** A tag may have moved on. */
  const isAsLooked = (name: RemovedName): boolean => index.entries.find(name)?.digest === name.digest

  const dropNames: Removal['dropNames'] = async (entries) => {
    const dropped: RemovedName[] = []
    for (let at = 0; at < entries.length; at += PAGE) {
      const page = entries.slice(at, at + PAGE)
      await index.transact(() => {
        for (const name of page)
          if (budgets.dropping(name, () => isAsLooked(name) && index.entries.drop(name))) dropped.push(name)
      })
    }
    return dropped
  }

  /** Names first: whoever asks from then on fetches anew, which is what was asked for. */
  const carryOut: Removal['carryOut'] = async (account) => {
    const leavers: Leaver[] = []
    for (const [at, digest] of account.digests.entries()) {
      const row = index.blobs.find(digest)
      const standing = index.blobs.standing(digest)
      if (row !== undefined && standing !== undefined) leavers.push({ ...row, usedAt: standing.usedAt })
      // Others get their turn.
      if (at % PAGE === 0) await setImmediate()
    }
    const dropped = await dropNames(account.entries)
    return { ...(await leaving.leave(leavers)), dropped }
  }

  const take = async (account: Account): Promise<Left> => {
    const { objects, bytes } = await carryOut(account)
    return { objects, bytes }
  }

  return {
    look,
    preview: async (targets) => {
      const { busy, busyFiles, free } = await part(targets)
      const { objects, total, frees, ...sums } = await index.clerk.ask('removalSums', free)
      const pinned = new Set(sums.pinned.map(({ digest }) => digest))
      return {
        objects,
        total,
        frees,
        pinned: targets.images.filter(({ digest }) => pinned.has(digest)),
        inUse: busy,
        filesInUse: busyFiles,
      }
    },
    remove: async (targets) => await take((await look(targets)).account),
    carryOut,
    dropNames,
    removeReplaced: async (images) => {
      writeUses(index)
      const still = images.filter((image) => index.entries.isReplaced(image))
      return still.length === 0
        ? { objects: 0, bytes: 0 }
        : await take((await look({ images: still, files: [] })).account)
    },
  }
}

/** What is being read, and goes on being read. */
function createInUse(index: Index, store: Store): (targets: Targets) => Promise<Busy> {
  const readNow = async ({ images, files }: Targets): Promise<Busy> => {
    const held = store.held()
    if (held.length === 0) return { images: new Set(), files: new Set() }
    const used = new Set(images.length === 0 ? [] : await index.clerk.ask('above', { digests: held }))
    const names = new Set(files.length === 0 ? [] : await index.clerk.ask('filesOf', { digests: held }))
    return {
      images: new Set(images.filter(({ digest }) => used.has(digest))),
      files: new Set(files.filter((file) => names.has(fileText(file)))),
    }
  }

  return async (targets) => {
    let busy = await readNow(targets)
    for (let waits = 0; busy.images.size + busy.files.size > 0 && waits < MOST_WAITS; waits++) {
      await sleep(PARTING_MS)
      busy = await readNow(targets)
    }
    return busy
  }
}
