import type { Sha256 } from '../domain/digest.ts'
import { createLru } from '../domain/lru.ts'
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
  const known = createLru<Sha256, Buffer>({ mostBytes: BUDGET, bytesOf: ({ length }) => length })
  return {
    ...known,
    put: (digest, bytes) => {
      if (bytes.length <= LARGEST) known.put(digest, bytes)
    },
  }
}

/** Whether content of this size is kept in memory at all. */
export function isSmall(size: number): boolean {
  return size <= LARGEST
}
