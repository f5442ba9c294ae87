import type { Sha256 } from '../domain/digest.ts'
import { KIB, MIB } from '../domain/units.ts'

const BUDGET = 64 * MIB
const LARGEST = 512 * KIB

/** Content that is small and in demand, kept in memory. Bytes were verified when they came in and never change. */
export interface Hot {
  get(digest: Sha256): Buffer | undefined
  put(digest: Sha256, bytes: Buffer): void
  drop(digest: Sha256): void
}

/** Least recently used first out; at most 64 MiB. */
export function createHot(): Hot {
  const known = new Map<Sha256, Buffer>()
  let used = 0
  const drop = (digest: Sha256): void => {
    used -= known.get(digest)?.length ?? 0
    known.delete(digest)
  }
  return {
    get: (digest) => {
      const bytes = known.get(digest)
      if (bytes === undefined) return undefined
      known.delete(digest)
      known.set(digest, bytes)
      return bytes
    },
    put: (digest, bytes) => {
      if (bytes.length > LARGEST) return
      drop(digest)
      known.set(digest, bytes)
      used += bytes.length
      for (const oldest of known.keys()) {
        if (used <= BUDGET) break
        drop(oldest)
      }
    },
    drop,
  }
}

/** Whether content of this size is kept in memory at all. */
export function isSmall(size: number): boolean {
  return size <= LARGEST
}
