import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import type { Removal as Account, RemovedName } from '../db/accounts/removal.ts'
import type { ReplacedImage } from '../db/accounts/replaced.ts'
import type { Index } from '../db/index.ts'
import type { Sha256 } from '../domain/digest.ts'
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

export interface RemovalPreview {
  readonly objects: number
  /** Of all that the images hold, bytes on disk. `frees` is what would leave the disk. */
  readonly total: number
  readonly frees: number
  /** Images that stay. */
  readonly pinned: readonly ImageKey[]
  readonly inUse: readonly ImageKey[]
}

/** Images as they are at this moment. */
export interface Looked {
  /** Something of them is being read. */
  readonly busy: readonly ImageKey[]
  /** What taking out the others would do. */
  readonly account: Account
}

export interface Removal {
  look(images: readonly ImageKey[]): Promise<Looked>
  /** What taking them out would do, at this moment. */
  preview(images: readonly ImageKey[]): Promise<RemovalPreview>
  /** Takes images out, with what nothing else needs. What is pinned or being read stays. */
  remove(images: readonly ImageKey[]): Promise<Left>
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

/** Names dropped, and blobs looked at, in one transaction. */
const PAGE = 200

export function createRemoval(deps: {
  index: Index
  store: Store
  budgets: Budgets
  leaving: Leaving
}): Removal {
  const { index, store, budgets, leaving } = deps

  /** Images of which something is being read, and goes on being read. */
  const inUse = async (images: readonly ImageKey[]): Promise<ReadonlySet<ImageKey>> => {
    let busy = await readNow(images)
    for (let waits = 0; busy.size > 0 && waits < MOST_WAITS; waits++) {
      await sleep(PARTING_MS)
      busy = await readNow(images)
    }
    return busy
  }

  const readNow = async (images: readonly ImageKey[]): Promise<ReadonlySet<ImageKey>> => {
    const held = store.held()
    if (held.length === 0) return new Set()
    const used = new Set(await index.clerk.ask('above', { digests: held }))
    return new Set(images.filter(({ digest }) => used.has(digest)))
  }

  const part = async (images: readonly ImageKey[]) => {
    writeUses(index)
    const busy = await inUse(images)
    return { busy: [...busy], free: images.filter((image) => !busy.has(image)) }
  }

  const look: Removal['look'] = async (images) => {
    const { busy, free } = await part(images)
    return { busy, account: await index.clerk.ask('removal', { images: free }) }
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
    preview: async (images) => {
      const { busy, free } = await part(images)
      const { objects, total, frees, ...sums } = await index.clerk.ask('removalSums', { images: free })
      const pinned = new Set(sums.pinned.map(({ digest }) => digest))
      return {
        objects,
        total,
        frees,
        pinned: images.filter(({ digest }) => pinned.has(digest)),
        inUse: busy,
      }
    },
    remove: async (images) => await take((await look(images)).account),
    carryOut,
    dropNames,
    removeReplaced: async (images) => {
      writeUses(index)
      const still = images.filter((image) => index.entries.isReplaced(image))
      return still.length === 0 ? { objects: 0, bytes: 0 } : await take((await look(still)).account)
    },
  }
}
