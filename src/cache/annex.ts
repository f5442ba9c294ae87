/** One thing that is kept whole beside the store: a mirror of a git repository. */
export interface Annexed {
  readonly name: string
  /** On disk. */
  readonly bytes: number
  readonly usedAt: number
}

/** What lies in the data folder beside the store, counts in the budget, and goes in the same order as blobs. */
export interface Annex {
  /** Of everything in it, on disk. */
  bytes(): Promise<number>
  /** What was used longest ago of what nobody uses now. */
  coldest(): Promise<Annexed | undefined>
  /** Takes one out and settles that with the quota; returns the bytes that freed, 0 where it is in use or gone. */
  evict(name: string): Promise<number>
}

/** The place of an annex that is made after the engine, whose quota it needs. */
export interface AnnexPlace extends Annex {
  /** From now on this is in it. */
  hold(annex: Annex): void
}

export function createAnnexPlace(): AnnexPlace {
  let held: Annex | undefined
  return {
    hold: (annex) => {
      held = annex
    },
    bytes: async () => (await held?.bytes()) ?? 0,
    coldest: async () => await held?.coldest(),
    evict: async (name) => (await held?.evict(name)) ?? 0,
  }
}
