/** One thing that is kept whole beside the store: a mirror of a git repository. */
export interface Annexed {
  /** "github.com/owner/repo" */
  readonly name: string
  /** On disk. */
  readonly bytes: number
  readonly usedAt: number
  readonly createdAt: number
  /** When its upstream last confirmed it. */
  readonly confirmedAt: number
  /** Since when its upstream shows it to nobody; undefined: it does. */
  readonly refusedAt?: number | undefined
  readonly uses: number
  /** Somebody uses it now, so it stays. */
  readonly isBusy: boolean
}

/** What lies in the data folder beside the store, counts in the budget, and goes in the same order as blobs. */
export interface Annex {
  /** Of everything in it, on disk. */
  bytes(): Promise<number>
  list(): Promise<readonly Annexed[]>
  /** Takes one out and settles that with the quota; returns the bytes that freed, 0 where it is in use or gone. */
  evict(name: string): Promise<number>
  /** Looks one through now; one that is damaged goes. Rejects with the reason of the signal. */
  check(name: string, signal: AbortSignal): Promise<AnnexCheck>
}

/** absent: it is not here, or somebody else's. unknown: it could not be looked through. */
export type AnnexCheck = 'sound' | 'damaged' | 'unknown' | 'absent'

/** The place of an annex that is made after the engine, whose quota it needs. */
export interface AnnexPlace extends Annex {
  /** From now on this is in it. */
  hold(annex: Annex): void
  isPinned(name: string): boolean
  /** What was used longest ago of what nobody uses now, that no pin keeps, and that is not to be left out. */
  coldest(leaveOut?: ReadonlySet<string>): Promise<Annexed | undefined>
}

export function createAnnexPlace(isPinned: (name: string) => boolean): AnnexPlace {
  let held: Annex | undefined
  const list = async (): Promise<readonly Annexed[]> => (await held?.list()) ?? []
  return {
    hold: (annex) => {
      held = annex
    },
    isPinned,
    list,
    bytes: async () => (await held?.bytes()) ?? 0,
    coldest: async (leaveOut) => {
      const free = (await list()).filter(
        ({ name, isBusy }) => !isBusy && leaveOut?.has(name) !== true && !isPinned(name),
      )
      return free.reduce<Annexed | undefined>(
        (coldest, one) => (coldest === undefined || one.usedAt < coldest.usedAt ? one : coldest),
        undefined,
      )
    },
    evict: async (name) => (await held?.evict(name)) ?? 0,
    check: async (name, signal) => (await held?.check(name, signal)) ?? 'absent',
  }
}
