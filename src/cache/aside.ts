import type { Scratch } from '../store/scratch.ts'
import type { Store } from '../store/store.ts'
import { type Quota, type Reservation, UNKNOWN_STEP } from './quota.ts'
import { isTrouble } from './trouble.ts'

/** Content that is not kept, for as long as somebody has to look at all of it. */
export interface Aside {
  /** False where the disk has no room for it, and after `close`. */
  append(bytes: Buffer): Promise<boolean>
  /** Fills the buffer from `position` on and returns how many bytes there were. Rejects after `close`. */
  read(buffer: Buffer, position: number): Promise<number>
  close(): void
}

/** Undefined where the disk has no room. `total`: as much as will come, where that is known. */
export type OpenAside = (total: number | undefined) => Promise<Aside | undefined>

/** What lies aside has no name, so nothing of it outlives this process; it takes room in the budget meanwhile. */
export function createOpenAside(deps: {
  readonly store: Pick<Store, 'scratch'>
  readonly quota: Pick<Quota, 'reserve'>
  readonly report: (error: unknown) => void
}): OpenAside {
  const { store, quota, report } = deps

  const unlessTrouble = (error: unknown): undefined => {
    if (!isTrouble(error)) throw error
    report(error)
  }

  return async (total) => {
    const room = total ?? UNKNOWN_STEP
    const reservation = await quota.reserve(room).catch(unlessTrouble)
    if (reservation === undefined) return undefined
    const file = await store.scratch().catch(unlessTrouble)
    if (file !== undefined) return asideIn(file, { reservation, room, unlessTrouble })
    reservation.release()
    return undefined
  }
}

function asideIn(
  file: Scratch,
  given: {
    readonly reservation: Reservation
    readonly room: number
    readonly unlessTrouble: (error: unknown) => undefined
  },
): Aside {
  const { reservation, unlessTrouble } = given
  let { room } = given
  let size = 0
  let isClosed = false

  const append = async (bytes: Buffer): Promise<boolean> => {
    while (size + bytes.length > room) {
      if (!(await reservation.grow(UNKNOWN_STEP))) return false
      room += UNKNOWN_STEP
      if (!isClosed) continue
      // What came after it was given back goes back, too.
      reservation.release()
      return false
    }
    await file.append(bytes)
    size += bytes.length
    return true
  }

  return {
    append: async (bytes) => {
      try {
        return await append(bytes)
      } catch (error) {
        return isClosed ? false : (unlessTrouble(error) ?? false)
      }
    },
    read: file.read,
    close: () => {
      isClosed = true
      file.close()
      reservation.release()
    },
  }
}
