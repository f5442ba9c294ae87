import { MIB } from '../domain/units.ts'

/** The part of the cache's budget that mirrors need; what `createQuota` gives fits. */
export interface Budget {
  reserve(bytes: number): Promise<Reservation | undefined>
  /** So many bytes more lie on disk, or fewer. */
  settle(bytes: number): void
}

export interface Reservation {
  grow(bytes: number): Promise<boolean>
  release(): void
}

/** There is no room for it, or it is larger than a mirror may be. */
export class NoRoom extends Error {
  readonly why: 'full' | 'too_large'

  constructor(why: 'full' | 'too_large') {
    super(why === 'full' ? 'no room within max_size' : 'larger than git.max_mirror')
    this.why = why
  }
}

const STEP = 64 * MIB
/** A pack and its index, which is made of it. */
const INDEX_SHARE = 1.25

/** Room for what one fetch brings, taken step by step before it is written. */
export interface Growth {
  /** Rejects with NoRoom. */
  take(bytes: number): Promise<void>
  /** The end. What stays is settled by whoever knows it. */
  release(): void
}

/** `most`: bytes that may come; 0 = no limit. Rejects with NoRoom. */
export async function createGrowth(budget: Budget, most: number): Promise<Growth> {
  const reservation = await budget.reserve(STEP)
  if (reservation === undefined) throw new NoRoom('full')
  let reserved = STEP
  let taken = 0
  return {
    take: async (bytes) => {
      taken += bytes
      if (most > 0 && taken > most) throw new NoRoom('too_large')
      while (taken * INDEX_SHARE > reserved) {
        if (!(await reservation.grow(STEP))) throw new NoRoom('full')
        reserved += STEP
      }
    },
    release: () => reservation.release(),
  }
}
