import type { Sha256 } from '../domain/digest.ts'

/** Content that somebody reads right now. It stays on disk: taking it out would free nothing before they are done. */
export interface Holds {
  /** Until the returned function is called, once. */
  hold(digest: Sha256): () => void
  isHeld(digest: Sha256): boolean
  held(): readonly Sha256[]
}

export function createHolds(): Holds {
  const counts = new Map<Sha256, number>()
  const letGo = (digest: Sha256): void => {
    const left = (counts.get(digest) ?? 0) - 1
    if (left > 0) counts.set(digest, left)
    else counts.delete(digest)
  }
  return {
    hold: (digest) => {
      counts.set(digest, (counts.get(digest) ?? 0) + 1)
      let holds = true
      return () => {
        if (holds) letGo(digest)
        holds = false
      }
    },
    isHeld: (digest) => counts.has(digest),
    held: () => [...counts.keys()],
  }
}
